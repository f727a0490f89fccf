"""Hole shares of the protocols; `python tests/masks/test_shares.py` writes the table of docs/reference/protocols.md."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import bench.masks
from bench.registry import Entry

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "protocols.md"
BEGIN, END = "<!-- table: written by `python tests/masks/test_shares.py` -->\n", "<!-- end of table -->"

# Mean and standard deviation measured on the original generators; None where only the mean was.
PUBLISHED: dict[str, tuple[float, float | None]] = {
    "lama-thin-256@1": (0.290, 0.129),
    "lama-medium-256@1": (0.238, 0.131),
    "lama-thick-256@1": (0.266, 0.132),
    "lama-thin-512@1": (0.289, None),
    "lama-medium-512@1": (0.260, None),
    "lama-thick-512@1": (0.256, None),
    "freeform-brush@1": (0.151, 0.080),
    "freeform@1": (0.308, 0.068),
    "comodgan-512@1": (0.649, 0.174),
    "mat-large-512@1": (0.403, 0.175),
    "mat-small-512@1": (0.227, 0.155),
    "mat-large-256@1": (0.402, None),
    "mat-small-256@1": (0.224, None),
}


@cache
def shares(name: str) -> np.ndarray:
    size = 512 if "512" in name else 256
    draws = 500 if name.startswith("irregular") else 2000
    return np.array([bench.masks.draw(name, height=size, width=size, key=f"{key}").mean() for key in range(draws)])


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_share_is_that_of_the_original(name: str) -> None:
    mean, deviation = PUBLISHED[name]

    assert shares(name).mean() == pytest.approx(mean, abs=0.02)
    if deviation is not None:
        assert shares(name).std() == pytest.approx(deviation, abs=0.03)


def row(name: str, summary: str) -> str:
    if name == "files:":
        return f"| `{name}DIR` | {summary} | as the files | |\n"
    if name.endswith(":"):
        return f"| `{name}PROTOCOL` | {summary} | as the protocol | |\n"
    protocol = bench.masks.get(name)
    source: str = protocol.source  # type: ignore[attr-defined]  # more than the vocabulary asks for
    measured = "as the labels"
    if not protocol.needs_labels:
        mean, deviation = shares(name).mean(), shares(name).std()
        measured = f"{mean:.3f}" if deviation == 0 else f"{mean:.3f} ± {deviation:.3f}"
    return f"| `{name}` | {summary} | {measured} | {source} |\n"


def table() -> str:
    head = "\n| protocol | missing | share | source |\n|---|---|---|---|\n"
    return head + "".join(row(entry.name, entry.summary) for entry in bench.masks.PROTOCOLS) + "\n"


@pytest.mark.parametrize("entry", list(bench.masks.PROTOCOLS), ids=lambda entry: str(entry.name))
def test_the_page_tells_of_every_protocol_what_the_code_does(entry: Entry) -> None:
    written = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]

    assert row(entry.name, entry.summary) in written, "Run `python tests/masks/test_shares.py`."


def test_the_page_holds_no_other_protocols_and_every_rule() -> None:
    page = PAGE.read_text(encoding="utf-8")
    written, rules = page.partition(BEGIN)[2].partition(END)[0], page.partition("## Rules and parameters")[2]

    assert written.count("\n| `") == len(list(bench.masks.PROTOCOLS))
    for entry in bench.masks.PROTOCOLS:
        name = entry.name.partition("@")[0]
        assert f"`{'irregular-A-B' if name.startswith('irregular') else name}" in rules


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
