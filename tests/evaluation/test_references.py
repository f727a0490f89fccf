"""Published figures beside a suite: read, checked, and copied into the run's records."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UnknownName, UsageError
from bench.evaluation.rescore import rescore_run
from bench.evaluation.run import run_suite
from bench.evaluation.suite import read_suite
from bench.records import read_run
from bench.records.published import PublishedFigure

SUITE = "size: 32\nlimit: 1\nmodels: [mean]\nprotocols: [center-50]\nmetrics: [l1]\ngallery: 0\n"
GOOD = {
    "model": "Their net",
    "protocol": "center-50",
    "metric": "psnr.hole",
    "value": "27.1",
    "source": "A paper",
    "note": "x",
}


def entry(**changes: str | None) -> str:
    """A figure as YAML; None leaves a key out."""
    return "- {" + ", ".join(f"{key}: {value}" for key, value in (GOOD | changes).items() if value is not None) + "}\n"


def figures(folder: Path, text: str, name: str = "mine.references.yaml") -> tuple[PublishedFigure, ...]:
    (folder / "mine.yaml").write_text(SUITE)
    (folder / name).write_text(text)
    return read_suite(str(folder / "mine.yaml")).published


@pytest.mark.parametrize("name", ["references.yaml", "mine.references.yaml"])
def test_figures_stand_beside_their_suite(tmp_path: Path, name: str) -> None:
    found = figures(tmp_path, entry() + entry(metric="PSNR.full", value="31"), name)

    assert found == (
        PublishedFigure(
            *("Their net", "center-50@1", "psnr.hole", 27.1, "A paper", "x"), dataset="streets", split="test", size="32"
        ),
        PublishedFigure(
            *("Their net", "center-50@1", "psnr.full", 31.0, "A paper", "x"), dataset="streets", split="test", size="32"
        ),
    )


def test_the_file_of_the_suite_goes_before_that_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "references.yaml").write_text(entry(model="Another"))

    assert [one.model for one in figures(tmp_path, entry())] == ["Their net"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {modle: x}", r"key of figure 1 in mine\.references\.yaml: 'modle'.*Did you mean model"),
        (
            entry(source=None),
            r"'source' of figure 1 .* must be a text; found nothing\. Say where the figure is printed",
        ),
        (entry(note="'  '"), "'note' of figure 1 .* Say what is not equal"),
        (entry(model="3"), "'model' of figure 1 .* must be a text; found 3"),
        (entry(value=None), "'value' of figure 1 .* must be a finite number; found nothing"),
        (entry(value="about 27"), "must be a finite number; found 'about 27'"),
        (entry(value="'27.1'"), "must be a finite number; found '27.1'"),
        (entry(value="true"), "must be a finite number; found True"),
        (entry(value=".nan"), "must be a finite number; found nan"),
        (entry(protocol="centre-50"), "Did you mean center-50"),
        (entry(metric="psnr"), r"METRIC\.REGION"),
        (entry(metric="psmr.hole"), "Did you mean psnr"),
        (entry(metric="fid.hole"), r"'metric' of figure 1 .* must be a column of fid: fid\.full; found 'fid\.hole'"),
        (entry(metric="label-miou.hole.car"), r"must be a column of label-miou: label-miou\.hole"),
        (
            entry() + entry(protocol="center-50@1", value="28"),
            r"figure 2 .* must be the only one of its cell; found 27\.1 and 28 for Their net, center-50@1, psnr\.hole",
        ),
        ("model: x", "must hold a list of figures; found dict"),
        ("- telea", "figure 1 .* must map model, protocol"),
        ("- {", "must be a readable YAML file"),
        ("- {model: a, model: b}", "must be a readable YAML file; found the key 'model' twice"),
        ("", "must hold a list of figures; found NoneType"),
    ],
)
def test_bad_figures_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises((UsageError, UnknownName), match=message):
        figures(tmp_path, text)


def test_figures_are_copied_into_the_records(tmp_path: Path) -> None:
    expected = figures(tmp_path, entry())
    suite = read_suite(str(tmp_path / "mine.yaml"))
    out = tmp_path / "out"

    run_suite(suite, out, keep_fills=True)
    (tmp_path / "mine.references.yaml").unlink()

    assert read_run(out).info.published == expected
    run_suite(read_suite(str(tmp_path / "mine.yaml")).with_changes(models=("mean", "telea")), out, keep_fills=True)
    rescore_run(out, ["psnr"])
    assert read_run(out).info.published == expected


def test_the_shipped_example_holds_the_table_of_mat() -> None:
    suite = read_suite("places2-mat")
    found = {(one.model, one.protocol, one.metric): one.value for one in suite.published}

    assert len(found) == len(suite.published) == 24
    assert found["MAT (8M pictures)", "mat-small-512@1", "fid.full"] == 0.78
    assert found["LaMa-Big (4.5M pictures)", "mat-large-512@1", "u-ids.full"] == 32.39
    assert not any("spg" in one.model.lower() for one in suite.published)


def test_the_example_says_that_its_pictures_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must be told where its files are; found no folder\. Give --data-root"):
        run_suite(read_suite("places2-mat"), tmp_path / "out")
