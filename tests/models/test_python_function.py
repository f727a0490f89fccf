from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import bench
import bench.models
from bench.errors import ModelFailure, UsageError
from bench.vocabulary import Dataset, LabelSources
from tests.models.contract import make_batch
from tests.models.foreign_files import write_python

SEES = """
import torch

def fill(image, hole, labels=None):
    assert image.dtype == torch.float32 and hole.dtype == torch.bool and labels is None
    assert image.shape[1:] == (3, 32, 40) and hole.shape[1:] == (1, 32, 40)
    assert (image[hole.expand_as(image)] == 0).all() and 0.5 < image.max() <= 1
    return image.masked_fill(hole, 0.5)

def two(image, hole):
    return image.masked_fill(hole, len(image) / 10)

def one(image):
    return image
"""


def test_it_is_called_with_picture_and_hole(tmp_path: Path) -> None:
    batch = make_batch(3)
    model = bench.models.load(f"python:{write_python(tmp_path / 'mine.py', SEES)}:fill")

    assert torch.equal(model.inpaint(batch).image, batch.image.masked_fill(batch.hole, 0.5))
    assert (model.name, model.label_sources) == ("python:mine.py:fill", LabelSources())


def test_two_arguments_will_do_and_batches_are_as_declared(tmp_path: Path) -> None:
    path, batch = write_python(tmp_path / "mine.py", SEES), make_batch(5)

    images = [bench.models.load(f"python:{path}:two{options}").inpaint(batch).image for options in ("", "?batch=3")]

    assert torch.equal(images[0], batch.image.masked_fill(batch.hole, 0.1))
    assert torch.equal(images[1][:3], batch.image[:3].masked_fill(batch.hole[:3], 0.3))
    assert torch.equal(images[1][3:], batch.image[3:].masked_fill(batch.hole[3:], 0.2))


def test_texts_are_given_only_when_asked_for(tmp_path: Path) -> None:
    source = """
def fill(image, hole, prompts):
    return image.masked_fill(hole, 0.1 * len(prompts) + 0.01 * len(prompts[0]))
"""
    path = write_python(tmp_path / "mine.py", source)
    model = bench.models.load(f"python:{path}:fill?prompts=true&batch=2")
    batch = dataclasses.replace(make_batch(3), prompts=("a", "été, so long", "abc"))

    filled = model.inpaint(batch).image

    for row, value in enumerate((0.21, 0.21, 0.13)):
        wanted = batch.image[row].masked_fill(batch.hole[row], value)
        assert torch.allclose(filled[row], wanted)
    assert "prompts:yes" in getattr(model, "signature", "")
    with pytest.raises(ModelFailure, match="the data set must have a text for every picture"):
        model.inpaint(make_batch(1))
    with pytest.raises(ModelFailure, match=r"be callable as two\(image, hole, prompts=prompts\)"):
        bench.models.load(f"python:{write_python(tmp_path / 'sees.py', SEES)}:two?prompts=true")
    with pytest.raises(UsageError, match=r"option 'prompts' of model 'python:.*' must be true or false; found 'each'"):
        bench.models.load(f"python:{path}:fill?prompts=each")


def test_labels_are_given_only_when_declared_and_then_recorded(pictures: Dataset, tmp_path: Path) -> None:
    path = write_python(tmp_path / "mine.py")

    run = bench.evaluate(
        [f"python:{path}:by_label?labels=context", f"python:{path}:fill"], pictures, out=tmp_path / "o"
    )

    assert [(cell.labels["context"], cell.n_failed) for cell in run.cells.values()] == [("oracle", 0), ("none", 0)]
    unlabelled = make_batch(1)
    with pytest.raises(ModelFailure, match=r"data set must have label maps for python:mine\.py:by_label"):
        bench.models.load(f"python:{path}:by_label?labels=context").inpaint(unlabelled)


def test_files_beside_it_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "beside_mine.py").write_text("LEVEL = 0.25\n")
    path = write_python(
        tmp_path / "mine.py",
        "from beside_mine import LEVEL\ndef fill(image, hole): return image.masked_fill(hole, LEVEL)\n",
    )
    before = list(sys.path)

    image = bench.models.load(f"python:{path}:fill").inpaint(make_batch(1)).image

    assert (image[make_batch(1).hole.expand_as(image)] == 0.25).all()
    assert sys.path == before


def test_fingerprints_follow_the_file_the_function_and_the_options(tmp_path: Path) -> None:
    path = write_python(tmp_path / "mine.py", SEES)
    specs = [f"python:{path}:fill", f"python:{path}:two", f"python:{path}:fill?version=2"]

    prints = [bench.models.load(spec).fingerprint for spec in specs]
    write_python(path, SEES + "\n# changed\n")

    assert len({*prints, bench.models.load(specs[0]).fingerprint}) == 4


@pytest.mark.parametrize(
    ("text", "name", "kind", "message"),
    [
        ("import nowhere_at_all", "fill", ModelFailure, "import; found ModuleNotFoundError: No module named 'nowhere"),
        ("def fill(:", "fill", ModelFailure, "import; found SyntaxError"),
        ("raise SystemError('oh')", "fill", ModelFailure, "SystemError: oh"),
        (SEES, "one", ModelFailure, r"be callable as one\(image, hole\); found too many positional"),
        (SEES, "fil", UsageError, "have a function 'fil'; found none of that name. Did you mean fill"),
        (SEES, "torch", UsageError, "Did you mean two|It has fill, two, one"),
        (SEES, "", UsageError, "Write python:FILE.py:function"),
        (SEES, "two?labels=hole", UsageError, "be none or context"),
        (SEES, "two?labels=context", ModelFailure, r"be callable as two\(image, hole, labels=labels\)"),
        (SEES, "two?label=context", UsageError, "Did you mean labels"),
    ],
)
def test_what_cannot_be_called(text: str, name: str, kind: type[Exception], message: str, tmp_path: Path) -> None:
    path = write_python(tmp_path / "mine.py", text)

    with pytest.raises(kind, match=message):
        bench.models.load(f"python:{path}:{name}")


@pytest.mark.parametrize("spec", ["python:mine", "python:nothing.py:fill", "python:nothing.py"])
def test_what_is_not_there(spec: str) -> None:
    with pytest.raises(UsageError, match=r"Write python:FILE.py:function|no such file"):
        bench.models.load(spec)


def test_what_it_raises_is_its_failure_alone(pictures: Dataset, tmp_path: Path) -> None:
    text = "def fill(image, hole):\n    raise ValueError('no\\nluck')\n"

    run = bench.evaluate(
        [f"python:{write_python(tmp_path / 'bad.py', text)}:fill", "mean"], pictures, out=tmp_path / "o"
    )

    bad, good = run.cells.values()
    assert (bad.n_failed, good.n_failed) == (20, 0)
    assert "ValueError: luck" in bad.failures[0].reason


def test_a_file_runs_only_when_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(sys, "ran", ran, raising=False)
    write_python(tmp_path / "mine.py", "import sys\nsys.ran.append('mine')\ndef fill(image, hole): return image\n")
    load: Callable[[str], object] = bench.models.load

    with pytest.raises(UsageError, match="must hold pictures"):
        load(f"folder:{tmp_path}")
    with pytest.raises(ModelFailure):
        load(f"torchscript:{tmp_path / 'mine.py'}")

    assert ran == []
