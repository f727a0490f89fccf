"""Models of others in processes of their own: what one does reaches no other, and no number stands under stale code."""

from __future__ import annotations

import os
import py_compile
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import bench
import bench.data
import bench.models
from bench.cli.console.first_failures import first_failures
from bench.errors import ModelFailure
from bench.models.isolation import supervisor_client
from bench.vocabulary import Batch, Dataset, Prediction
from tests.models.contract import make_batch
from tests.models.foreign_files import write_python


def _write(folder: Path, files: dict[str, str] | None = None, **more: str) -> Path:
    """Python files by their names without `.py`; returns the model file, `model`."""
    for name, text in {**(files or {}), **more}.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "model.py"


def _level(path: Path, options: str = "") -> float:
    """What the model fills with."""
    batch = make_batch(1)
    image = bench.models.load(f"python:{path}:fill{options}").inpaint(batch).image
    values = image[batch.hole.expand_as(image)]
    assert values.min() == values.max()
    return round(float(values[0]), 3)


def _print(path: Path, options: str = "") -> str:
    return bench.models.load(f"python:{path}:fill{options}").fingerprint


USES_UTILS = "from utils import V\ndef fill(image, hole): return image.masked_fill(hole, V)\n"


def test_helpers_of_one_name_are_each_models_own(tmp_path: Path) -> None:
    paths = [_write(tmp_path / name, model=USES_UTILS, utils=f"V = {v}") for name, v in (("a", 0.25), ("b", 0.75))]
    batch = make_batch(1)

    models = [bench.models.load(f"python:{path}:fill") for path in paths]

    levels = [float(model.inpaint(batch).image[batch.hole.expand(1, 3, -1, -1)].max()) for model in models]
    assert levels == [0.25, 0.75]
    assert [model.fingerprint for model in models] == [_print(path) for path in paths]
    assert models[0].fingerprint != models[1].fingerprint


@pytest.mark.parametrize("name", ["bench", "tests", "utils", "baselines", "queue", "torchvision"])
def test_a_name_beside_the_file_goes_before_every_other(name: str, tmp_path: Path) -> None:
    files = {f"{name}/__init__": "", f"{name}/part": "V = 0.4"}
    path = _write(tmp_path, files, model=USES_UTILS.replace("utils", f"{name}.part"))

    assert _level(path) == 0.4


LAZY = "def fill(image, hole):\n    {}\n    return image.masked_fill(hole, V)\n"


@pytest.mark.parametrize(
    ("files", "helper"),
    [
        ({"model": LAZY.format("from utils import V")}, "utils"),
        ({"model": LAZY.format("import pkg.deep.part as p; V = p.V"), "pkg/deep/__init__": ""}, "pkg/deep/part"),
        ({"model": LAZY.format("from space.part import V")}, "space/part"),
        (
            {
                "model": f"from pkg import V\n{USES_UTILS}",
                "utils": "from pkg.a import V",
                "pkg/__init__": "from .a import V",
            }
            | {"pkg/a": "from . import b\nV = b.V"},
            "pkg/b",
        ),
        ({"model": LAZY.format("import importlib; V = importlib.import_module('utils').V")}, "utils"),
        ({"model": USES_UTILS.replace("utils", ".utils"), "__init__": ""}, "utils"),
        ({"model": LAZY.format("from first import V"), "first": "def g():\n    pass\nfrom utils import V"}, "utils"),
    ],
    ids=[
        "in a function",
        "of a package",
        "of a namespace",
        "relative",
        "by importlib",
        "of its own package",
        "by a helper",
    ],
)
def test_a_changed_helper_is_another_model(files: dict[str, str], helper: str, tmp_path: Path) -> None:
    path = _write(tmp_path, files | {helper: "V = 0.25"})
    before = _print(path), _level(path)

    _write(tmp_path, {helper: "V = 0.75"})

    assert before[1] == 0.25
    assert _level(path) == 0.75
    assert _print(path) != before[0]
    assert _print(path) == _print(path)


def test_a_helper_of_another_folder_counts(tmp_path: Path) -> None:
    text = "import sys, os\nsys.path.append(os.path.join(os.path.dirname(__file__), '..', 'common'))\n"
    path = _write(tmp_path / "repo", model=text + LAZY.format("from shared import V"))
    _write(tmp_path / "common", shared="V = 0.25")
    before = _print(path)

    _write(tmp_path / "common", shared="V = 0.75")

    assert _level(path) == 0.75
    assert _print(path) != before


def test_a_package_that_is_no_part_of_the_installation_may_be_imported_late(tmp_path: Path) -> None:
    path = _write(tmp_path, model=LAZY.format("from bench.errors import NotApplicable; V = 0.3"))

    assert _level(path) == 0.3


def test_a_linked_file_finds_the_helpers_of_both_places(tmp_path: Path) -> None:
    target = _write(tmp_path / "real", model=USES_UTILS, utils="from here import V")
    _write(tmp_path / "links", here="V = 0.6")
    (tmp_path / "links" / "model.py").symlink_to(target)

    assert _level(tmp_path / "links" / "model.py") == 0.6


def test_stale_bytecode_is_not_run(tmp_path: Path) -> None:
    path = _write(tmp_path, model=USES_UTILS, utils="V = 0.25")
    py_compile.compile(str(tmp_path / "utils.py"))
    times = (tmp_path / "utils.py").stat()

    _write(tmp_path, utils="V = 0.75")
    os.utime(tmp_path / "utils.py", ns=(times.st_atime_ns, times.st_mtime_ns))

    assert _level(path) == 0.75


READS = (
    "from pathlib import Path\n{}\ndef fill(image, hole):\n    {}\n    return image.masked_fill(hole, float(text))\n"
)
HERE = "Path(__file__).parent / 'weights'"


@pytest.mark.parametrize(
    ("top", "inside", "options"),
    [
        (f"text = ({HERE} / ('w' + '.data')).read_text()", "pass", ""),
        ("", f"text = ({HERE} / 'w.pt').read_text()", ""),
        ("", f"text = ({HERE} / ('w' + '.data')).read_text()", "?files=weights"),
    ],
    ids=["opened when loaded", "named", "declared"],
)
def test_weights_belong_to_the_fingerprint(top: str, inside: str, options: str, tmp_path: Path) -> None:
    path = _write(tmp_path, model=READS.format(top, inside))
    (tmp_path / "weights").mkdir()
    files = [tmp_path / "weights" / name for name in ("w.data", "w.pt")]
    prints, levels = [], []

    for level in ("0.25", "0.75"):
        for file in files:
            file.write_text(level)
        prints.append(_print(path, options))
        levels.append(_level(path, options))

    assert levels == [0.25, 0.75]
    assert prints[0] != prints[1]


@pytest.mark.parametrize(
    "inside",
    [f"text = ({HERE} / ('w' + '.data')).read_text()", "text = __import__('ut' + 'ils').V"],
    ids=["file", "import"],
)
def test_a_file_that_no_fingerprint_covers_fails_the_picture(inside: str, tmp_path: Path) -> None:
    path = _write(tmp_path, model=READS.format("", inside), utils="V = 0.5")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.data").write_text("0.5")
    model = bench.models.load(f"python:{path}:fill")

    for _ in range(2):
        with pytest.raises(
            ModelFailure, match=r"(w\.data|utils\.py), read during a call. Import or open it at the top"
        ):
            model.inpaint(make_batch(1))


def test_it_is_run_as_python_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import argparse, sys, os\nargparse.ArgumentParser().parse_args()\n" + LAZY.format(
        "assert (sys.argv, os.getcwd(), __name__) == ([__file__], WHERE, 'model'); V = 0.5; os.chdir('/')"
    )
    monkeypatch.chdir(tmp_path)
    path = _write(tmp_path / "repo", model=text.replace("WHERE", repr(str(tmp_path)), 1))

    assert _level(Path("repo/model.py")) == 0.5
    assert path.exists()
    assert Path.cwd() == tmp_path


BAD = """
import ctypes, os, signal, subprocess, sys, threading, time, warnings
import torch

def fill(image, hole):
    {}
    return image.masked_fill(hole, 0.5)
"""


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("sys.exit('no GPU found')", r"SystemExit: no GPU found \(model\.py:6, in fill\)"),
        ("raise KeyboardInterrupt", r"KeyboardInterrupt \(model\.py:6, in fill\)"),
        ("os._exit(3)", "an end with exit code 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", r"death by SIGKILL \(out of memory\?\).*fewer --workers"),
        ("ctypes.string_at(0)", "death by SIGSEGV"),
        ("os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)", "a connection that was closed"),
        ("os.closerange(3, 200); time.sleep(60)", "a connection that was closed"),
        ("return image.numpy()", "be one tensor; found ndarray"),
    ],
)
def test_what_ends_a_model_is_its_failure(deed: str, found: str, tmp_path: Path) -> None:
    model = bench.models.load(f"python:{_write(tmp_path, model=BAD.format(deed))}:fill")

    with pytest.raises(ModelFailure, match=found):
        model.inpaint(make_batch(1))


@pytest.mark.parametrize(
    "deed",
    [
        "os.chdir('/'); sys.stdout.close(); os.closerange(1, 2)",
        "print('x' * 3_000_000, file=open(os.devnull, 'w')); print('to standard error')",
        "torch.set_default_dtype(torch.float64); torch.set_num_threads(1); torch.set_grad_enabled(False)",
        "torch.set_default_device('meta'); warnings.simplefilter('error')",
        "threading.Thread(target=time.sleep, args=(600,)).start(); subprocess.Popen(['sleep', '600'])",
        "image[:] = 0.5; hole[:] = True",
    ],
)
def test_what_a_model_sets_stays_with_it(deed: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    batch = make_batch(2)
    model = bench.models.load(f"python:{_write(tmp_path, model=BAD.format(deed))}:fill")
    before = torch.get_num_threads(), Path.cwd()

    images = [model.inpaint(batch).image for _ in range(2)]

    assert all((image[batch.hole.expand_as(image)] == 0.5).all() for image in images)
    assert (torch.get_num_threads(), Path.cwd()) == before
    assert torch.get_default_dtype() == torch.float32
    assert capfd.readouterr().out == ""


def test_an_endless_loop_ends_at_its_time_limit_and_is_not_begun_for_ever(tmp_path: Path) -> None:
    model = bench.models.load(f"python:{_write(tmp_path, model=BAD.format('while True: pass'))}:fill?timeout=0.1")

    failures = []
    for _ in range(4):
        with pytest.raises(ModelFailure) as failure:
            model.inpaint(make_batch(1))
        failures.append(failure.value)

    assert "answer within 0.1 s; found no answer after 0.1 s. Give it longer" in str(failures[0])
    assert 'model.py", line 6 in fill' in failures[0].traceback
    assert "3 failed processes in a row, the last one by no answer" in str(failures[3])


def test_a_model_that_dies_is_started_again(pictures: Dataset, tmp_path: Path) -> None:
    deed = "if int(image.sum()) % 4 == 0: os._exit(1)"

    run = bench.evaluate(
        [f"python:{_write(tmp_path, model=BAD.format(deed))}:fill", "mean"], pictures, out=tmp_path / "o"
    )

    bad, good = run.cells.values()
    assert 0 < bad.n_failed < 20
    assert good.n_failed == 0


def test_a_traceback_is_kept(pictures: Dataset, tmp_path: Path) -> None:
    path = _write(
        tmp_path, model="import helper\ndef fill(image, hole):\n    helper.work()\n", helper="def work(): 1 / 0"
    )

    run = bench.evaluate([f"python:{path}:fill"], pictures, out=tmp_path / "o")

    (cell,) = run.cells.values()
    (failures,) = cell.failures
    assert "found ZeroDivisionError: division by zero (helper.py:1, in work)." in failures.reason
    assert f'File "{path}", line 3, in fill' in failures.traceback
    assert "isolation" not in failures.traceback
    (shown,) = first_failures(run)
    assert shown.startswith("model python:model.py:fill failed at picture p000:")
    assert shown.endswith("ZeroDivisionError: division by zero")
    assert {record.traceback for record in run.records(next(iter(run.cells)))} == {failures.traceback}


def test_seeds_are_as_they_are_in_one_process(tmp_path: Path) -> None:
    text = BAD.format("return torch.where(hole, torch.rand_like(image), image)")
    spec, batch = f"python:{_write(tmp_path, model=text)}:fill?size=20x24", make_batch(2, (32, 40))

    apart, here = (bench.models.load(spec, isolated=isolated) for isolated in (True, False))

    assert torch.equal(apart.inpaint(batch).image, here.inpaint(batch).image)
    assert apart.fingerprint == here.fingerprint


def test_a_fresh_interpreter_does_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path, model=USES_UTILS, utils="V = 0.25")
    expected = _print(path)
    monkeypatch.setattr(sys, "platform", "darwin")
    supervisor = supervisor_client.SupervisorClient()
    monkeypatch.setattr(supervisor_client, "SUPERVISOR", supervisor)

    model = bench.models.load(f"python:{path}:fill")
    image = model.inpaint(make_batch(1)).image
    supervisor.close()

    assert torch.equal(image, make_batch(1).image.masked_fill(make_batch(1).hole, 0.25))
    assert model.fingerprint == expected


def test_nothing_outlives_a_killed_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    pipe = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    deed = f"held = open({str(tmp_path / 'alive')!r}, 'w'); held.write('.'); held.flush()\n    while True: pass"
    path = write_python(tmp_path / "model.py", BAD.format(deed))
    code = f"""
import bench.data
import bench.models
from tests.models.contract import make_batch
bench.models.load("python:{path}:fill").inpaint(make_batch(1))
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    select.select([pipe], [], [], 300)

    process.send_signal(signal.SIGKILL)
    process.wait()

    while os.read(pipe, 1):  # an empty answer: no process holds the other end
        select.select([pipe], [], [], 300)
    os.close(pipe)


def test_a_model_that_changes_the_folder_moves_no_result(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flat_model: type
) -> None:
    picture_folder(3, size=32)
    monkeypatch.chdir(tmp_path)

    class Wanders(flat_model):  # type: ignore[misc]  # a fixture
        def inpaint(self, batch: Batch) -> Prediction:
            monkeypatch.chdir("/")
            prediction: Prediction = super().inpaint(batch)
            return prediction

    pictures = bench.data.load("folder", size=(32, 32), root="pictures")
    run = bench.evaluate([Wanders()], pictures, metrics=("l1",), out="results")

    assert [cell.n_failed for cell in run.cells.values()] == [0]
    assert (tmp_path / "results" / "run.json").exists()
