"""How fast the editor is, and how much memory it takes: `python -m tests.support.editor_speed`.

Starts `spgbench editor` with SPG-Net on this machine and asks it over HTTP, as the page does, at 256x256. Prints each
limit with what was reached; the exit code is 1 when one is missed. It takes some three minutes on two cores; others
that work on the machine count against the editor.
"""

from __future__ import annotations

import base64
import io
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx2
import numpy as np
import typer
from PIL import Image

from bench.editor.encoding import to_data_url

MODEL, CLASSES, USERS, WARM = "spgnet", 11, 8, 100
THINKING = 3.0
"""Seconds from the page to the first fill: a person chooses a picture and paints a hole."""


@dataclass
class Row:
    """One limit.

    Attributes:
        name: what is measured.
        found: value.
        limit: that it must not pass.
        unit: of both.
    """

    name: str
    found: float
    limit: float
    unit: str

    @property
    def text(self) -> str:
        """One line."""
        verdict = "reached" if self.found <= self.limit else "MISSED"
        return f"{self.name:<48} {self.found:9.1f} {self.unit:<7} limit {self.limit:7.1f}  {verdict}"


@dataclass
class User:
    """One page: its session, its picture, its hole and its label map."""

    client: httpx2.Client
    number: int = 0
    start: dict[str, Any] = field(default_factory=dict)
    hole: str = ""
    labels: np.ndarray = field(default_factory=lambda: np.zeros((256, 256), np.uint8))

    def open(self) -> None:
        """Start a session with a picture and a hole."""
        self.start = self.client.get("/api/start").raise_for_status().json()
        sample = self.start["samples"][self.number % len(self.start["samples"])]
        self.ask("picture", sample={"dataset": sample["dataset"], "id": sample["id"]}, side=256)
        self.draw(self.number)

    def draw(self, seed: int) -> None:
        """Take another hole."""
        self.hole = self.ask("hole", protocol="freeform", seed=seed)["hole"]

    def fill(self) -> dict[str, Any]:
        """The own fill, whose label map the edits begin with."""
        answer = self.ask("fill", model=MODEL, hole=self.hole)
        self.labels = np.array(Image.open(io.BytesIO(base64.b64decode(answer["labels"].partition(",")[2]))))
        return answer

    def edit(self, count: int) -> float:
        """Seconds from the label map with one more stroke to its fill."""
        random = np.random.default_rng(count)
        top, left = random.integers(0, 220, 2)
        self.labels[top : top + 36, left : left + 36] = random.integers(CLASSES)
        labels = to_data_url(self.labels)
        return timed(lambda: self.ask("fill", model=MODEL, hole=self.hole, labels=labels))

    def ask(self, path: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request; raises for one that is refused."""
        answer = self.client.post(f"/api/{path}", json=fields, headers={"x-session": self.start["session"]})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """Address and process id of an editor."""
    command = [sys.executable, "-m", "bench", "editor", "--no-browser", "--model", MODEL, "--device", "cpu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


def load_page(client: httpx2.Client) -> None:
    """Everything that the browser loads before the page can be used: documents, styles, modules, the start."""
    seen, wanted = set(), [""]
    while wanted:
        path = wanted.pop()
        if path not in seen:
            seen.add(path)
            text = client.get("/" + path).raise_for_status().text
            wanted += re.findall(r"(?:src|href|from|import)[=\s(]*[\"']\.?/?([\w-]+\.(?:js|css|svg))[\"']", text)
    client.get("/api/start").raise_for_status()


def resident(process: int) -> float:
    """Megabytes of memory that a process has."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def processor_seconds(process: int) -> float:
    """Seconds of a core that a process has used: what it needs, however busy the machine is."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def many_users(address: str, edits: int) -> tuple[int, list[float]]:
    """Requests that failed, and the seconds of every edit, of eight users at once."""

    def use(number: int) -> list[float | None]:
        with httpx2.Client(base_url=address, timeout=120) as client:
            user = User(client, number)
            try:
                user.open()
                user.fill()
                return [user.edit(1000 * number + count) for count in range(edits)]
            except (httpx2.HTTPError, KeyError):
                return [None]

    with ThreadPoolExecutor(USERS) as pool:
        found = list(itertools.chain.from_iterable(pool.map(use, range(USERS))))
    return found.count(None), [one for one in found if one is not None]


def measure(edits: int, memory_edits: int) -> list[Row]:
    """All rows."""
    started = time.perf_counter()
    with server() as (address, process), httpx2.Client(base_url=address, timeout=120) as client:
        sys.stderr.write(f"{time.perf_counter() - started:.1f} s from the command to the address\n")
        ready = timed(lambda: load_page(client))
        time.sleep(THINKING)
        user = User(client)
        user.open()
        first = timed(user.fill)
        used = processor_seconds(process)
        times = [1000 * user.edit(count) for count in range(edits)]
        used = (processor_seconds(process) - used) / edits
        sys.stderr.write(f"{1000 * used:.0f} ms of one core for an edit\n")
        failed, shared = many_users(address, edits // 5)
        memory = []
        for count in range(memory_edits):
            if count % 10 == 0:
                user.draw(count)
                user.fill()
            user.edit(count)
            memory.append(resident(process))
    warm, last = np.mean(memory[WARM // 2 : WARM]), np.mean(memory[-WARM // 2 :])
    sys.stderr.write(
        f"{USERS} users at once: median {1000 * np.median(shared):.0f} ms, slowest {1000 * max(shared):.0f} ms\n"
    )
    sys.stderr.write(f"memory: {memory[0]:.0f} MB at the first edit, {warm:.0f} MB warm, {last:.0f} MB at the end\n")
    return [
        Row("page ready", ready, 3.0, "s"),
        Row("first fill", first, 1.5, "s"),
        Row(f"label edit to fill, median of {edits}", float(np.median(times)), 400, "ms"),
        Row(f"label edit to fill, 95th percentile of {edits}", float(np.percentile(times, 95)), 800, "ms"),
        Row(f"failed requests of {USERS} users at once", failed, 0, ""),
        Row(f"memory, change over {memory_edits} edits", float(100 * abs(last / warm - 1)), 5, "%"),
    ]


def main(
    edits: Annotated[int, typer.Option(min=20, help="Edits that are timed.")] = 60,
    memory_edits: Annotated[int, typer.Option(min=2 * WARM, help="Edits over which memory is followed.")] = 500,
) -> None:
    """Measure the editor and print which limits it keeps."""
    before = os.getloadavg()[0]
    rows = measure(edits, memory_edits)
    typer.echo(f"{os.cpu_count()} cores, load average {before:.1f} before and {os.getloadavg()[0]:.1f} after")
    for row in rows:
        typer.echo(row.text)
    raise typer.Exit(any(row.found > row.limit for row in rows))


if __name__ == "__main__":
    typer.run(main)
