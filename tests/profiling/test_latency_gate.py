from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import bench.vocabulary
from bench.errors import UsageError
from bench.profiling import Rules, Schedule, Sweep, compare_versions
from bench.profiling.decision import RoundTimes
from bench.profiling.version_comparison import (
    QuantityResult,
    VersionComparison,
    VersionPair,
    exact_results,
    time_result,
)
from bench.profiling.versions import other_version
from bench.records.profile import Configuration

BRIEF = Schedule(rounds=8, most=8, calls=2)
TOY = """
import bench
import torch
from bench.vocabulary import LabelSources, Prediction

IS_BASE = "spgbench-base-" in bench.__file__


class Toy:
    label_sources, fingerprint = LabelSources(), "f"

    def __init__(self, width):
        self.net = torch.nn.Sequential(torch.nn.Conv2d(3, width, 3, padding=1), torch.nn.Conv2d(width, 3, 1))

    def inpaint(self, batch):
        print("a model that talks")
        return Prediction(self.net(batch.image))


def load(name, device):
    if name == "new" and IS_BASE:
        raise ValueError("not known yet")
    return Toy(4 if IS_BASE else 8)
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a small package of the same name in it, as an older version; the working folder."""
    root = tmp_path / "checkout"
    (root / "bench").mkdir(parents=True)
    (root / "bench" / "__init__.py").touch()
    shutil.copy(Path(str(bench.vocabulary.__file__)), root / "bench" / "vocabulary.py")
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "old"), ("tag", "toy-base")):
        subprocess.run(["git", "-C", root, *command], check=True)
    (tmp_path / "toy_of_two_versions.py").write_text(TOY)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return root


@pytest.mark.usefixtures("checkout")
def test_what_is_exact_is_compared_between_a_revision_and_this_version() -> None:
    load = "toy_of_two_versions:load"

    found = compare_versions("toy-base", ["grown", "new"], Sweep(((32, 32),)), Rules(), BRIEF, device="cpu", load=load)

    verdicts = {(result.model, result.quantity): result.verdict for result in found.results}
    assert verdicts["grown", "parameters"] == verdicts["grown", "flops"] == "more"
    assert verdicts["grown", "graph breaks"] == "same"
    assert verdicts["new", "time"] == "fixed"
    assert found.exit_code() == 1
    times = found.pairs[0].rounds
    assert times is not None
    assert len(times.base) == len(times.head) == len(times.again) == 8
    assert json.loads(json.dumps(found.as_json()))["environment"]["base"].startswith("toy-base (")


def test_a_revision_is_unpacked_for_as_long_as_it_is_needed(checkout: Path) -> None:
    with other_version("toy-base") as version:
        assert version.root is not None
        assert (version.root / "bench" / "vocabulary.py").exists()
        assert version.python == sys.executable
    assert not version.root.exists()
    status = subprocess.run(["git", "-C", checkout, "worktree", "list"], check=True, capture_output=True, text=True)
    assert len(status.stdout.splitlines()) == 1


def test_an_environment_is_known_by_its_folder_or_its_interpreter(tmp_path: Path) -> None:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    python = tmp_path / "env" / "bin" / "python"
    python.symlink_to(sys.executable)

    for name in (tmp_path / "env", python):
        with other_version(str(name)) as version:
            assert (version.python, version.root) == (str(python), None)


@pytest.mark.parametrize("name", ["no-such-revision", "--output=x", "/nowhere/at/all"])
def test_what_is_no_version_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="git revision"), other_version(name):
        pass


COUNTS = {"flops": 100, "peak memory": 1000}
WHOLE = VersionPair(
    "m", Configuration(32, 32), {"base": COUNTS, "head": COUNTS}, {}, RoundTimes((1.0,), (1.0,), (1.0,), {})
)


@pytest.mark.parametrize(
    ("quantity", "after", "verdict"),
    [
        ("flops", 101, "more"),
        ("flops", 99, "fewer"),
        ("peak memory", 1040, "same"),
        ("peak memory", 1060, "more"),
        ("peak memory", 900, "fewer"),
    ],
)
def test_counts_are_exact_and_memory_has_a_margin(quantity: str, after: int, verdict: str) -> None:
    changed = replace(WHOLE, exact={"base": COUNTS, "head": COUNTS | {quantity: after}})

    verdicts = {result.quantity: result.verdict for result in exact_results(changed)}

    assert verdicts[quantity] == verdict
    assert list(verdicts.values()).count("same") == (2 if verdict == "same" else 1)


@pytest.mark.parametrize(
    ("failed", "verdict", "code"),
    [
        ({"head": "ValueError: no"}, "newly failing", 1),
        ({"base": "ValueError: no", "again": "ValueError: no"}, "fixed", 0),
        ({"base": "a", "head": "b", "again": "a"}, "failing in both", 0),
    ],
)
def test_failures_have_verdicts(failed: dict[str, str], verdict: str, code: int) -> None:
    result = time_result(replace(WHOLE, failed=failed, rounds=None), None)

    assert result.verdict == verdict
    assert VersionComparison((result,)).exit_code() == code


@pytest.mark.parametrize(
    ("verdict", "loose", "strict"),
    [
        ("slower", 1, 1),
        ("INVALID", 0, 1),
        ("faster", 0, 0),
        ("same", 0, 0),
    ],
)
def test_exit_codes(verdict: str, loose: int, strict: int) -> None:
    found = VersionComparison((QuantityResult("m", "c", "time", verdict, ""),))  # type: ignore[arg-type]  # one of the verdicts

    assert (found.exit_code(), found.exit_code(strict=True)) == (loose, strict)
