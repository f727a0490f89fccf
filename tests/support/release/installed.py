"""The wheel as users have it: installed in a clean environment and called from a foreign folder."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.request import urlopen

from tests.support.release.commands import Environment, run_command
from tests.support.release.report import Problem

__all__ = ["ask_for_extras", "call_commands", "evaluate", "load_everything", "serve_editor"]

_CATALOGUES = ("models", "datasets", "protocols", "metrics", "judges", "suites", "splits")
_SCHEMAS = ("run", "cell", "sample", "profile", "load")
_PAGES = ("report.html", "tables/overall.md", "tables/overall.csv", "tables/overall.tex", "gallery/overall.png")
_PROBE = Path(__file__).with_name("probe.py")

_NEEDS = (
    ("train", "train spgnet --steps 1 -o trained"),
    ("editor", "editor --no-browser"),
    ("onnx", "run quick --limit 1 --protocols center-50 --models onnx:any.onnx -o onnx"),
    ("diffusers", "run quick --limit 1 --protocols center-50 --models diffusers:any -o diffusers"),
    ("hf", "run quick --limit 1 --protocols center-50 --models mean --metrics judge-miou --judge hf:any -o judged"),
    ("ray", "run quick --limit 1 --models mean --executor ray -o ray"),
    ("slurm", "run quick --limit 1 --models mean --executor slurm -o slurm"),
)
"""Extras, and commands that need them."""


def call_commands(environment: Environment, folder: Path) -> str:
    """Help, lists, schemas and doctor."""
    program = environment.program("spgbench")
    run_command([program, "--help"], folder)
    entries = 0
    for name in _CATALOGUES:
        listed = json.loads(run_command([program, "ls", name, "--json"], folder).stdout)
        if not listed:
            raise Problem(f"`spgbench ls {name}` must list something")
        entries += len(listed)
        run_command([program, "ls", name], folder)
    for name in _SCHEMAS:
        json.loads(run_command([program, "schema", name], folder).stdout)
    run_command([program, "doctor"], folder)
    return f"help, doctor, {entries} entries of {len(_CATALOGUES)} catalogues, {len(_SCHEMAS)} schemas"


def load_everything(environment: Environment, folder: Path) -> str:
    """Import all modules, load all weights and suites."""
    done = run_command([environment.python, "-I", _PROBE], folder, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        raise Problem(f"the probe ended with {done.returncode}: {done.stderr[-2000:]}")
    facts = json.loads(done.stdout)
    if facts["wrong"]:
        raise Problem("; ".join(facts["wrong"]))
    return f"{facts['modules']} modules, {facts['weights']} files of weights, {facts['suites']} suites"


def evaluate(environment: Environment, folder: Path) -> str:
    """The quick suite on two pictures, its report made again, and its gate against itself."""
    program = environment.program("spgbench")
    run_command([program, "run", "quick", "--limit", "2", "-o", "quick"], folder)
    for name in _PAGES:
        (folder / "quick" / name).unlink()
    run_command([program, "report", "quick"], folder)
    lost = [name for name in _PAGES if not (folder / "quick" / name).is_file()]
    if lost:
        raise Problem(f"`spgbench report` must write {', '.join(lost)}")
    verdict = run_command([program, "gate", "quick", "quick"], folder).stdout
    last = re.findall(r"^PASS: .*$", verdict, re.MULTILINE)
    if not last:
        raise Problem(f"the gate of a run against itself must pass; found {verdict[-500:]}")
    return f"run quick --limit 2, report, gate: {last[-1]}"


def ask_for_extras(environment: Environment, folder: Path) -> str:
    """Commands that need an extra say which one, in an environment without extras."""
    (folder / "any.onnx").write_bytes(b"no model")
    (folder / "any").mkdir()
    (folder / "any" / "model_index.json").write_text("{}", encoding="utf-8")
    silent = [problem for extra, command in _NEEDS for problem in _unsaid(environment, folder, extra, command)]
    if silent:
        raise Problem("; ".join(silent))
    return f"{', '.join(extra for extra, _command in _NEEDS)}: each command names its extra"


def _unsaid(environment: Environment, folder: Path, extra: str, command: str) -> Iterable[str]:
    done = run_command([environment.program("spgbench"), *command.split()], folder, check=False, limit_s=300)
    if done.returncode == 0:
        yield f"`spgbench {command}` must fail without the extra {extra}"
    said = done.stdout + done.stderr
    if not re.search(rf"pip install ['\"]spgbench\[{extra}\]['\"]", " ".join(said.split())):
        yield f"`spgbench {command}` must say pip install 'spgbench[{extra}]'; found {said.strip()[-300:]!r}"


def serve_editor(environment: Environment, folder: Path) -> str:
    """The editor starts with its extra, and serves its page from the installed files."""
    command = [str(environment.program("spgbench")), "editor", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            if not address:
                raise Problem(f"the editor must print its address; found {server.communicate(timeout=60)[1][-500:]}")
            with urlopen(address, timeout=120) as answer:  # noqa: S310 (an address of this machine)
                page = answer.read().decode()
            files = re.findall(r'(?:src|href)="(?!https?:|data:|#)([^"]+)"', page)
            for name in files:
                with urlopen(f"{address.rstrip('/')}/{name.lstrip('/')}", timeout=120) as answer:  # noqa: S310 (see above)
                    answer.read()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
    return f"the page and {len(files)} of its files"
