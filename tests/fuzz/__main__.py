"""`python -m tests.fuzz`: hostile input for every reader, as many cases as are asked for.

python -m tests.fuzz --cases 1000000              every reader, in proportion to its weight; goes on where it stopped
python -m tests.fuzz --processes 2                the cases shared by two processes; OUT/result.txt says what is done
python -m tests.fuzz --target suite --cases 5000  one reader
python -m tests.fuzz --target suite --engine atheris --cases 100000
python -m tests.fuzz --replay FILE --target suite one file, with its traceback
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from tests.fuzz.campaign import Part, run_cases, shares
from tests.fuzz.supervision import summary, supervise
from tests.fuzz.targets import ALL


def main() -> int:
    """Run, print cases and findings; 1 when there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", action="append", choices=list(ALL), help="a reader; all where none is named")
    parser.add_argument("--out", type=Path, default=Path("results/fuzz"), help="progress and findings")
    parser.add_argument("--engine", choices=["seeded", "atheris"], default="seeded")
    parser.add_argument("--processes", type=int, default=1, help="that share the cases; of one campaign always as many")
    parser.add_argument("--replay", type=Path, help="a file for one reader")
    parser.add_argument("--inner", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    targets = {name: ALL[name] for name in asked.target or ALL}
    logging.getLogger("bench").addHandler(logging.NullHandler())
    if asked.replay:
        (target,) = targets.values()
        with tempfile.TemporaryDirectory() as folder:
            print(repr(target.read(asked.replay.read_bytes(), Path(folder))))  # noqa: T201
        return 0
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.engine == "atheris":
        from tests.fuzz.coverage_guided import run_guided

        return run_guided(targets, asked.cases, asked.seed, asked.out)
    wanted = shares(asked.cases, targets)
    if asked.inner is not None:
        run_cases(targets, wanted, asked.seed, asked.out, Part(asked.inner, asked.processes))
        return 0
    if others := sorted(set(asked.out.glob("progress-*.json")) - set(asked.out.glob(f"*-of-{asked.processes}.json"))):
        print(f"{asked.out} holds {others[0].name}: give as many --processes, or another --out")  # noqa: T201
        return 2
    progress = supervise(sys.argv[1:], asked.out, wanted, asked.seed, asked.processes)
    print(summary(progress, wanted), end="")  # noqa: T201
    return 1 if progress.findings else 0


if __name__ == "__main__":
    sys.exit(main())
