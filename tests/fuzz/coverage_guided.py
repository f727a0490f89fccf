"""Cases that Atheris makes: it keeps the bytes that reach new lines of a reader and changes these further."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType

from tests.fuzz.guard import Guard
from tests.fuzz.targets import Target

__all__ = ["run_guided"]


_INSTRUMENTED = ("bench", "baselines", "spgnet", "yaml")


def run_guided(targets: Mapping[str, Target], cases: int, seed: int, out: Path) -> int:
    """Run one reader until a finding, which Atheris writes into `OUT`, or until all cases are done."""
    try:
        import atheris
    except ImportError:
        print("install the group: uv pip install --group fuzz")  # noqa: T201
        return 2
    if len(targets) != 1:
        print("name one reader with --target")  # noqa: T201
        return 2
    (target,) = targets.values()
    corpus = out / "corpus" / target.name.replace(" ", "-")
    corpus.mkdir(parents=True, exist_ok=True)
    for index, data in enumerate(target.seeds()):
        (corpus / f"seed-{index}").write_bytes(data)
    root = Path(tempfile.mkdtemp()) / "a" / "root"
    root.mkdir(parents=True)
    guard = Guard(root)

    def one(data: bytes) -> None:
        if wrong := guard.run(target.read, data, pickles=target.pickles):
            raise AssertionError(wrong)

    for function in _functions():
        atheris.instrument_func(function)
    limits = ["-rss_limit_mb=8192", "-max_len=65536"]
    options = [f"-runs={cases}", f"-seed={seed or 1}", f"-artifact_prefix={out}/", *limits]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()
    return 0


def _functions() -> Iterator[FunctionType]:
    """The functions and methods of our packages and of the YAML parser: to instrument all of PyTorch takes minutes."""
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] not in _INSTRUMENTED:
            continue
        for value in list(vars(module).values()):
            inside = list(vars(value).values()) if isinstance(value, type) else []
            for one in (value, *(getattr(each, "__func__", each) for each in inside)):
                if isinstance(one, FunctionType) and one.__module__ == name:
                    yield one
