"""A saved edit gives the same bytes again, and a document that was changed or does not fit is refused in words."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import bench.models
from bench.cli.app import app
from bench.editor import replay
from bench.editor.edited_picture import EditedPicture
from bench.editor.encoding import png_base64
from bench.editor.workspace import EditedFill, Workspace
from bench.errors import DataError, UsageError
from bench.pictures import png_bytes
from bench.vocabulary import Inpainter

Load = Callable[[str], Inpainter]


@pytest.fixture(scope="module")
def load(model: Inpainter, model_name: str) -> Load:
    telea = bench.models.load("telea")
    return {model_name: model, "telea": telea}.__getitem__


@pytest.fixture(scope="module")
def workspace(picture: EditedPicture) -> Workspace:
    return Workspace(picture)


@pytest.fixture(scope="module")
def labels(picture: EditedPicture) -> np.ndarray:
    """An edited label map."""
    rows, columns = np.indices(picture.size)
    found: np.ndarray = ((rows + columns) // 20 % 3).astype(np.uint8)
    return found


@pytest.fixture(scope="module")
def document(
    workspace: Workspace, hole: np.ndarray, labels: np.ndarray, model_name: str, load: Load
) -> replay.ReplayDocument:
    variants = (
        replay.ReplayVariant("own", model_name),
        replay.ReplayVariant("edited", model_name, png_base64(labels)),
        replay.ReplayVariant("another", model_name, alternative=1),
        replay.ReplayVariant("Telea's", "telea"),
    )
    return replay.compose(workspace, hole, 7, variants, load)


@pytest.fixture(scope="module")
def fills(
    workspace: Workspace, hole: np.ndarray, labels: np.ndarray, model: Inpainter, document: replay.ReplayDocument
) -> list[EditedFill]:
    """What the page shows for the variants of the document."""
    assert len(document.variants) == 4
    own, edited = workspace.fill(model, hole, seed=7), workspace.fill(model, hole, labels, seed=7)
    alternatives = workspace.alternatives(model, hole, 4, seed=7)
    return [own, edited, alternatives[1], workspace.fill(bench.models.load("telea"), hole, seed=7)]


def test_a_document_is_read_back_as_it_was(document: replay.ReplayDocument) -> None:
    assert replay.parse(document.text) == document


def test_the_command_writes_the_bytes_of_the_page(
    document: replay.ReplayDocument, fills: list[EditedFill], picture: EditedPicture, hole: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "edit.json").write_text(document.text, encoding="utf-8")

    result = CliRunner().invoke(app, ["edit", "--replay", str(tmp_path / "edit.json"), "-o", str(tmp_path / "out")])

    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    expected: dict[str, np.ndarray] = {"picture": picture.sample.image, "hole": hole}
    for number, fill in enumerate(fills, start=1):
        expected[f"fill-{number}"] = fill.image
        if fill.labels is not None:
            expected[f"labels-{number}"] = fill.labels
    written = {path.stem: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert written == {name: png_bytes(array) for name, array in expected.items()}
    assert sorted(Path(line).stem for line in result.stdout.splitlines()) == sorted(written)
    assert len({fill.image.tobytes() for fill in fills}) == 4


def changed(document: replay.ReplayDocument, path: str, value: object) -> str:
    """The text of the document with one field changed, `variants.0.title`; None takes it out."""
    data = json.loads(document.text)
    *parents, last = path.split(".")
    at: Any = data
    for part in parents:
        at = at[int(part)] if part.isdecimal() else at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return json.dumps(data)


def url(array: np.ndarray) -> str:
    return base64.b64encode(png_bytes(array)).decode()


GREY = np.full((64, 64, 3), 99, np.uint8)
CHANGED: list[tuple[str, object, str]] = [
    ("format", "spgbench edit 0", "have the format 'spgbench edit 1'"),
    ("seed", "7", "field seed must be a whole number"),
    ("seed", None, "field seed must be there"),
    ("extra", 1, "field that is not known"),
    ("variants", [], "have 1 to 64 variants"),
    ("picture.png", url(GREY), "picture must have the recorded SHA-256"),
    ("picture.png", url(GREY)[:50], "picture must be"),
    ("picture.png", "?", "base64"),
    ("picture.sha256", "0" * 64, "picture must have the recorded SHA-256"),
    ("picture.labels", url(GREY[:8, :8, 0]), "labels must fit the picture"),
    ("hole", url(GREY[..., 0] > 0), "a hole over everything"),
    ("hole", url(np.eye(64, dtype=bool)), "hole must have the recorded SHA-256"),
    ("models.0.fingerprint", "0" * 64, "must have the fingerprint of the document, 000000000000"),
    ("models.0.classes", ["ground", "sky", "thing"], r"must have the classes of the document \(ground, sky, thing\)"),
    ("models.1.classes", ["a"], "found none"),
    ("variants.0.model", "mean", "name a model of the document"),
    ("variants.1.labels", url(GREY), r"label map must hold|colour rendering"),
    ("variants.1.labels", url(GREY[..., 0]), "0 to 2; found index 99"),
    ("variants.1.labels", url(GREY[..., 0] | 255), "unlabelled pixels"),
    ("variants.1.labels", url(GREY[:40, :, 0] & 1), "be as large as the picture"),
    ("variants.2.alternative", 8, "alternative from 0 to 7"),
    ("variants.3.labels", url(GREY[..., 0] & 1), "have no label map under an unguided model"),
    ("variants.3.alternative", 0, "several fills"),
]


@pytest.mark.parametrize(("path", "value", "words"), CHANGED)
def test_a_document_that_was_changed_is_refused_in_words(
    document: replay.ReplayDocument, load: Load, path: str, value: object, words: str
) -> None:
    text = changed(document, path, value)

    with pytest.raises(UsageError, match=words) as raised:
        replay.play(replay.parse(text), load)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000, '{"format": NaN}'])
def test_a_text_that_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"JSON document|have the format"):
        replay.parse(text)


def test_a_fill_with_other_pixels_is_written_and_said(document: replay.ReplayDocument, tmp_path: Path) -> None:
    (tmp_path / "edit.json").write_text(changed(document, "variants.3.sha256", "0" * 64), encoding="utf-8")

    result = CliRunner().invoke(app, ["edit", "--replay", str(tmp_path / "edit.json"), "-o", str(tmp_path / "out")])

    assert result.exit_code == 0
    assert "fill-4.png has other pixels" in result.stderr
    assert "fill-1.png has other pixels" not in result.stderr


def test_a_document_runs_no_code_of_others_unless_the_command_names_it(
    document: replay.ReplayDocument, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, asked = "python:mine.py:fill", []
    data = json.loads(document.text)
    data["models"][1]["name"] = data["variants"][3]["model"] = name
    (tmp_path / "edit.json").write_text(json.dumps(data), encoding="utf-8")
    command = ["--replay", str(tmp_path / "edit.json"), "-o", str(tmp_path / "out")]

    def recorded(wanted: str, *_: str) -> Inpainter:
        asked.append(wanted)
        return load("telea" if wanted == name else wanted)

    monkeypatch.setattr(bench.models, "load", recorded)
    refused = CliRunner().invoke(app, ["edit", *command])

    assert isinstance(refused.exception, UsageError)
    assert "If you trust it, name it" in str(refused.exception)
    assert name not in asked
    assert CliRunner().invoke(app, ["edit", name, *command]).exit_code == 0
    assert name in asked


@pytest.mark.parametrize("others", [["--seed", "3"], ["--edits", "car"], ["--size", "64"]])
def test_options_that_would_change_nothing_are_refused(others: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["edit", "--replay", str(tmp_path / "edit.json"), *others])

    assert isinstance(result.exception, UsageError)
    assert others[0] in str(result.exception)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "edit.json").write_bytes(b"\xff\xfe\x00")
    for name in ("edit.json", "nothing.json"):
        result = CliRunner().invoke(app, ["edit", "--replay", str(tmp_path / name)])
        assert isinstance(result.exception, DataError)
        assert not Path("edits").exists()
