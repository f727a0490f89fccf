"""Fail every write of a tiny training in turn, resume each training, and compare it with an undisturbed one.

    python -m tests.support.training_faults --faults ENOSPC,EDQUOT,EIO,EROFS,SIGKILL,Ctrl-C

From the failing operation on, nothing more can be written below the output folder. The training has to end with exit
code 3 and one line that names a file; nothing that it leaves under a final name may be half a file; and the same call,
when the disk is well again, has to leave the weights and the log of an undisturbed one. Prints what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file

from bench.cli.console.failures import report_error
from bench.training import fabric_for, fit
from tests.support.faults import FaultyDisk, faulty_disk
from tests.training.toys import Toy, toy_data, toy_settings

__all__ = ["TinyTraining"]

_TIMES = ("pictures per second", "share of time waiting for data")
"""Lines of the log that no two trainings have in common."""


class TinyTraining:
    """A training of one stage, with and without faults.

    Args:
        work: an empty folder.

    Attributes:
        operations: what an undisturbed training writes, in order.
    """

    def __init__(self, work: Path) -> None:
        self._work = work
        with faulty_disk(FaultyDisk(work / "undisturbed")) as disk:
            self._fit(work / "undisturbed")
        self.operations = tuple(disk.seen)
        self._undisturbed = _left(work / "undisturbed")

    def problems(self, first: int, fault: str) -> Iterator[str]:
        """What is wrong after a fault within operation `first`, from 1 on, and after the call that goes on.

        Args:
            first: of `operations`; half of a write is done.
            fault: the name of an error of the system, `SIGKILL` or `Ctrl-C`.
        """
        if fault in ("SIGKILL", "Ctrl-C"):
            yield from self._stopped(first, killed=fault == "SIGKILL")
        else:
            yield from self._failed(first, getattr(errno, fault))

    def _failed(self, first: int, number: int) -> Iterator[str]:
        out = self._work / f"failed-{first}-{number}"
        with faulty_disk(FaultyDisk(out, number, first)):
            code, text = self._call(out)
        yield from _faults(out, code, text)
        code, text = self._call(out)
        if code:
            yield f"exit code {code} of the call that goes on: {text!r}"
        elif (found := _left(out)) != self._undisturbed:
            differing = [name for name in found if found[name] != self._undisturbed[name]]
            yield f"after going on, {', '.join(differing)} differ"
        shutil.rmtree(out, ignore_errors=True)

    def _stopped(self, first: int, *, killed: bool) -> Iterator[str]:
        """What a killed process leaves is what lies in its folder at that moment: it is copied then."""
        out, left = self._work / f"stopped-{first}", self._work / f"left-{first}"

        def stop() -> None:
            if killed and not left.exists():
                shutil.copytree(out, left) if out.exists() else left.mkdir()
            raise KeyboardInterrupt

        with faulty_disk(FaultyDisk(out, first=first, on_fault=stop)), contextlib.suppress(KeyboardInterrupt):
            self._fit(out)
            yield "a training that nothing stopped"
        if killed:
            shutil.rmtree(out, ignore_errors=True)
            left.rename(out)
        elif parts := _parts(out):
            yield f"half-written files: {', '.join(parts)}"
        yield from _half_files(out)
        code, text = self._call(out)
        if code or _left(out) != self._undisturbed:
            yield f"after going on, exit code {code} {text!r} or other bytes"
        if parts := _parts(out / "checkpoints"):
            yield f"half-written files that stay: {', '.join(parts)}"
        shutil.rmtree(out, ignore_errors=True)

    def _call(self, out: Path) -> tuple[int, str]:
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            try:
                self._fit(out)
            except Exception as fault:  # noqa: BLE001 (as the entry point does)
                return report_error(fault), error.getvalue()
        return 0, error.getvalue()

    def _fit(self, out: Path) -> None:
        settings = toy_settings(4, stages=("alone",), log_every=1, check_every=2)
        fit(Toy, toy_data(4), settings, out, fabric_for("cpu"))


def _faults(out: Path, code: int, text: str) -> Iterator[str]:
    """What is wrong with how a training ended that could not write."""
    last = text.splitlines()[-1] if text else ""
    if code != 3 or "Traceback" in text or not last.startswith("spgbench: ") or "internal" in last:
        yield f"exit code {code}, {last!r}"
    elif str(out) not in last:
        yield f"a message that names no file: {last!r}"
    yield from _half_files(out)


def _parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.part"))


def _half_files(out: Path) -> Iterator[str]:
    """Files under a final name that cannot be read."""
    for path in sorted(out.rglob("*")):
        try:
            if path.suffix == ".pt":
                torch.load(path, weights_only=True)
            elif path.suffix == ".safetensors":
                load_file(path)
            elif path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
        except Exception as error:  # noqa: BLE001 (of torch, safetensors and json)
            yield f"half a file, {path.relative_to(out)}: {str(error)[:100]}"


def _left(out: Path) -> dict[str, object]:
    """What two trainings must have in common, by the names of files."""
    lines = (out / "log.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines]
    log = [(*row[:3], *row[4:]) for row in rows if row[4] not in _TIMES]
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    stages = {name: (stage["steps"], stage["losses"], stage["validation"]) for name, stage in card["stages"].items()}
    return {"weights": (out / "weights" / "filler.safetensors").read_bytes(), "log.csv": log, "card.json": stages}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", default="ENOSPC,EDQUOT,EIO,EROFS,SIGKILL,Ctrl-C")
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    wrong = 0
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        training = TinyTraining(Path(folder))
        places = range(1, len(training.operations) + 1, given.every)
        for fault in given.faults.split(","):
            count = 0
            for first in places:
                for text in training.problems(first, fault):
                    count += 1
                    sys.stdout.write(f"{fault} at {training.operations[first - 1]}: {text}\n")
                    sys.stdout.flush()
            wrong += count
            sys.stdout.write(f"{fault}: {len(places)} of {len(training.operations)} writes failed, {count} problems\n")
            sys.stdout.flush()
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
