from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from PIL import Image

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.page import pictures, write_page
from bench.reporting.page.summary import page_summary
from bench.reporting.tables.files import write_tables
from bench.reporting.templating import html_environment, script_json

MakeRun = Callable[..., Path]


class Seen(HTMLParser):
    """What a browser would make of it: element names, attribute values, text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.values: list[str | None] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "))
ENVIRONMENT = html_environment("bench.reporting.page")
ELEMENT = ENVIRONMENT.from_string('<p title="{{ value }}"><bdi>{{ text }}</bdi></p>')


@given(PRINTABLE, PRINTABLE)
def test_text_and_attributes_come_back_as_they_were(text: str, value: str) -> None:
    seen = Seen(ELEMENT.render(text=text, value=value))

    assert (seen.elements, seen.values, seen.text) == (["p", "bdi"], [value], text)


@given(st.text())
def test_no_text_becomes_an_element_or_a_control_character(text: str) -> None:
    source = ELEMENT.render(text=text, value=text)

    assert Seen(source).elements == ["p", "bdi"]
    assert source.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", sorted(ENVIRONMENT.list_templates()))
def test_no_template_prints_anything_unescaped(name: str) -> None:
    source, _, _ = ENVIRONMENT.loader.get_source(ENVIRONMENT, name) if ENVIRONMENT.loader else ("", None, None)

    assert "{{" in source
    assert not re.search(r"\|\s*safe|autoescape", source)


def test_a_name_that_a_template_does_not_know_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        ELEMENT.render(text="")


@given(st.text())
def test_json_cannot_end_its_script(text: str) -> None:
    source = script_json({text: [text]})

    assert not set("<>&") & set(source)
    assert json.loads(source) == {text: [text]}


def data_of(page: Path) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    return json.loads(found[1])


def picture(page: Path, key: str) -> np.ndarray:
    """uint8 [H, W, 4]."""
    found = re.search(rf'<script type="text/plain" id="{key}">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        assert image.format == "WEBP"
        return np.asarray(image.convert("RGBA"))


def test_a_fill_over_the_truth_is_what_the_model_gave(make_run: MakeRun) -> None:
    run = read_run(make_run(gallery=1, models=["telea"]))
    page = write_page(RunAnalysis(run))
    data = data_of(page)
    key = next(iter(run.cells))
    truth, fill = (picture(page, k) for k in (data["samples"][0]["truth"], data["fills"][0][0][0]["picture"]))
    shown = np.where(fill[..., 3:] == 255, fill, truth)[..., :3]
    hole = np.asarray(Image.open(run.layout.hole(key.protocol, "town/0000"))) > 0

    assert np.array_equal(shown, np.asarray(Image.open(run.layout.fill(key, "town/0000"))))
    assert np.array_equal(fill[..., 3], np.where(hole, 255, 0))


def test_many_pictures_are_lossy_and_say_so(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = read_run(make_run(gallery=2))
    exact = write_page(RunAnalysis(run)).read_text(encoding="utf-8")
    monkeypatch.setattr(pictures, "_LOSSLESS_UP_TO", 100)
    lossy = write_page(RunAnalysis(run)).read_text(encoding="utf-8")

    assert "lossless WebP" in exact
    assert "quality 90" in lossy
    assert "quality 90" not in exact


def test_long_pictures_are_reduced_by_a_whole_factor(make_run: MakeRun) -> None:
    page = write_page(RunAnalysis(read_run(make_run(gallery=1, size=(600, 1100)))))

    assert picture(page, data_of(page)["samples"][0]["truth"]).shape == (200, 367, 4)
    assert "are reduced" in page.read_text(encoding="utf-8")


def test_a_fill_without_a_hole_file_is_shown_whole(make_run: MakeRun) -> None:
    run = read_run(make_run(gallery=1, models=["telea"]))
    run.layout.hole("center-50@1", "town/0000").unlink()
    page = write_page(RunAnalysis(run))

    assert picture(page, data_of(page)["fills"][0][0][0]["picture"])[..., 3].min() == 255


def test_extremes_are_of_all_records_and_not_of_kept_pictures_alone(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return [5.0, 6.0, float("inf"), float("nan"), 1.0, 9.0][index]

    data = data_of(
        write_page(RunAnalysis(read_run(make_run(value=value, metrics=["psnr.hole", "l1.hole"], gallery=1))))
    )

    low, high = [["town/0004", 1.0], ["town/0000", 5.0]], [["town/0002", "inf"], ["town/0005", 9.0]]
    assert data["extremes"][0][0] == [{"worst": low, "best": high}, {"worst": high, "best": low}]


def test_nothing_in_the_page_is_fetched(make_run: MakeRun, tmp_path: Path) -> None:
    run = read_run(make_run())
    plot = tmp_path / "distribution-psnr-hole.png"
    Image.new("RGB", (400, 200), "white").save(plot)
    source = write_page(RunAnalysis(run), write_tables(RunAnalysis(run)), [plot]).read_text(encoding="utf-8")

    assert 'alt="Plot: Distribution of PSNR hole" width="200" height="100"' in source
    assert not re.findall(r'(?:src|href|action)="(?!data:|#)[^"]*"|url\(|@import|https?:', source)
    assert "default-src 'none'" in source


def test_the_command_quotes_what_a_shell_would_read(make_run: MakeRun) -> None:
    text = Seen(write_page(RunAnalysis(read_run(make_run(models=["a b", "$(rm)"])))).read_text(encoding="utf-8")).text

    assert "spgbench run --models 'a b,$(rm)' --dataset streets --split test --size 32x48 --protocols" in text


def test_failed_and_missing_cells_are_warned_of(make_run: MakeRun) -> None:
    out = make_run(models=["telea", "mean"], failed={"telea": [0, 1]}, missing=[("mean", "center-50@1")])
    text = Seen(write_page(RunAnalysis(read_run(out))).read_text(encoding="utf-8")).text

    assert "1 of 2 cells is not whole yet" in text
    assert "2 fills failed (telea 2)" in text


def test_a_whole_run_warns_of_nothing(make_run: MakeRun) -> None:
    assert "Read with care" not in write_page(RunAnalysis(read_run(make_run()))).read_text(encoding="utf-8")


def test_numbers_and_marks_are_those_of_the_markdown_table(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["a", "b", "c"]))
    source = write_page(RunAnalysis(run)).read_text(encoding="utf-8")
    markdown = write_tables(RunAnalysis(run))[0].read_text(encoding="utf-8")
    body = re.search(r'id="tables".*?<tbody>(.*?)</tbody>', source, re.DOTALL)
    assert body

    for html_mark, mark in (("<strong>{}</strong>", r"\*\*([\d.]+)\*\*"), ("<u>{}</u>", r"<u>([\d.]+)</u>")):
        marked = re.findall(mark, markdown)
        assert marked
        assert sorted(re.findall(html_mark.format(r"([\d.]+)"), body[1])) == sorted(marked)


def test_a_fill_that_was_not_kept_leaves_its_values(make_run: MakeRun) -> None:
    run = read_run(make_run(gallery=1, models=["telea"]))
    run.layout.fill(next(iter(run.cells)), "town/0000").unlink()
    fill = data_of(write_page(RunAnalysis(run)))["fills"][0][0][0]

    assert (fill["picture"], fill["reason"], fill["status"]) == (None, "not kept", "ok")
    assert len(fill["values"]) == 5


def constant(model: str, protocol: str, index: int, key: str) -> float:
    """The oracle is the best of all, and b is behind a by the same in every picture but one."""
    return (
        {"a": 30.0, "b": 25.0, "oracle": 99.0}[model] + index + (protocol == "tie@1") * (model == "b") * (index % 2) * 9
    )


def test_the_first_thing_is_a_verdict_that_no_oracle_is_in(make_run: MakeRun) -> None:
    models, protocols = ["oracle", "b", "a"], ["clear@1", "tie@1"]
    run = read_run(make_run(models=models, oracles=["oracle"], protocols=protocols, value=constant, n=12))
    summary = page_summary(RunAnalysis(run))
    page = Seen(write_page(RunAnalysis(run)).read_text(encoding="utf-8")).text

    assert summary is not None
    assert [row.title for row in summary.rows] == ["a", "b", "oracle"]
    assert [[cell.word for cell in row.cells] for row in summary.rows] == [["leads", "tied"], ["", "tied"], ["", ""]]
    assert page.index(summary.text) < page.index("95 % intervals") < page.index("Run it again")
    assert "By PSNR hole, a leads in 1 of 2 protocols" in summary.text


def test_a_run_without_numbers_has_no_verdict(make_run: MakeRun) -> None:
    run = read_run(make_run(missing=[("telea", "center-50@1"), ("mean", "center-50@1")]))

    assert page_summary(RunAnalysis(run)) is None
    assert "No verdict" in write_page(RunAnalysis(run)).read_text(encoding="utf-8")


def test_pictures_that_were_kept_by_score_join_the_gallery(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return float(index)

    run = read_run(make_run(models=["a"], gallery=6, n=6, value=value, info={"gallery": ("town/0002",)}))
    samples = data_of(write_page(RunAnalysis(run)))["samples"]

    assert [sample["id"][-1] for sample in samples] == ["2", "0", "5", "1", "4", "3"]
    assert [sample["gallery"] for sample in samples] == [True] + 5 * [False]


def test_weights_and_how_models_were_given_stand_at_the_end(make_run: MakeRun) -> None:
    out = make_run(models=["a"])
    data = json.loads((out / "run.json").read_text())
    data["models"][0] |= {"given": "a=lama", "weights": {"name": "city", "sha256": "ab" * 32, "trained_on": ["camvid"]}}
    (out / "run.json").write_text(json.dumps(data))
    text = Seen(write_page(RunAnalysis(read_run(out))).read_text(encoding="utf-8")).text

    assert "given as a=lama, weights city (abababababab), trained on camvid" in " ".join(text.split())
    assert "a was trained on camvid; this run is on streets." in text.partition("Verdict")[0]
    assert "--models a=lama " in text
