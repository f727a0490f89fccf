"""What an audit says of metrics that are made to see one thing, nothing, or the wrong thing; and that it repeats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import bench.audit.run
import bench.data
import bench.metrics
from bench.audit import audit
from bench.audit.catalogue import distortions
from bench.audit.distortion import Distortion, Scene
from bench.audit.response import responses_of_set, verdict_of
from bench.audit.states import REDRAWN
from bench.audit.values import Measured
from bench.cli import app
from bench.errors import Failure, UnknownName, UsageError
from bench.metrics import BatchView, MetricDefinition
from bench.records.audit import AuditRecord, read_audit
from bench.registry import Entry
from bench.reporting.csv_text import csv_text
from bench.vocabulary import Dataset, Sample
from tests.support.direct_engine import DirectEngine

INK = (255, 0, 255)


def _ink(scene: Scene, share: float) -> np.ndarray:
    """The first pixels of the hole in a colour that nothing else has."""
    picture = scene.image.copy()
    rows, columns = np.nonzero(scene.hole)
    count = round(share * len(rows))
    picture[rows[:count], columns[:count]] = INK
    return picture


def _no_picture(scene: Scene, share: float) -> np.ndarray:
    raise bench.errors.NotApplicable("no picture can have it")


def ink_seen(view: BatchView) -> dict[str, torch.Tensor]:
    """Share of the hole that is ink."""
    ink = (view.completed == torch.tensor(INK, dtype=torch.uint8)[:, None, None]).all(dim=1)
    return {"hole": (ink & view.hole[:, 0]).flatten(1).double().mean(dim=1)}


def nothing_seen(view: BatchView) -> dict[str, torch.Tensor]:
    """The same for every fill."""
    return {"hole": view.reference.double().mean(dim=(1, 2, 3))}


def detail_disliked(view: BatchView) -> dict[str, torch.Tensor]:
    """Mean difference of neighbours: the less, the better."""
    return {"hole": (view.completed[..., 1:].double() - view.completed[..., :-1].double()).abs().mean(dim=(1, 2, 3))}


def colour_gap(real: np.ndarray, fake: np.ndarray) -> tuple[float, None]:
    """Of two sets."""
    return float(np.abs(real.mean(axis=0) - fake.mean(axis=0)).sum()), None


def _definition(name: str, function: str, **changes: Any) -> MetricDefinition:
    usual: dict[str, Any] = {"title": name, "unit": "", "higher_is_better": False, "regions": ("hole",)}
    words = dict.fromkeys(("summary", "definition", "value_range", "reference", "blind_to"), "")
    target = f"{__name__}:{function}"
    return MetricDefinition(name=name, implementation=target, reference_tolerance=0, **{**words, **usual, **changes})


MADE_UP = {
    one.name: one
    for one in (
        _definition("ink", "ink_seen"),
        _definition("nothing", "nothing_seen"),
        _definition("detail", "detail_disliked"),
        _definition("gap", "colour_gap", aggregate="set", features="fid", resampling="half-samples", regions=("full",)),
    )
}


def made_up(*, name: str) -> MetricDefinition:
    """As a plug-in would return it."""
    return MADE_UP[name]


def _colours(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """In the place of Inception: mean colours, float32 [N, 3]."""
    return pictures.float().mean(dim=(2, 3))


@pytest.fixture(autouse=True)
def _metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {name: Entry(name, f"{__name__}:made_up", "", (("name", name),)) for name in MADE_UP}
    monkeypatch.setattr(bench.metrics.METRICS, "_entries", {**bench.metrics.METRICS._entries, **entries})
    for function in ("completed_features", "true_features"):
        monkeypatch.setattr(f"bench.metrics.distribution.backends.extraction.{function}", _colours)


@pytest.fixture
def small(picture_folder: Callable[..., Path]) -> Dataset:
    return bench.data.load("folder", size=(32, 32), root=str(picture_folder(8, size=32)))


def _verdicts(record: AuditRecord, metric: str) -> dict[str, list[str]]:
    return {one.name: [r.verdict for r in record.curve(metric, one.name)] for one in record.distortions}


def test_metrics_that_see_one_thing_or_nothing_or_like_blur(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    ink = Distortion("ink", "ink", "", (0.1, 0.5), "Ink.", _ink, 100)
    impossible = replace(ink, name="impossible", apply=_no_picture)
    monkeypatch.setattr(bench.audit.run, "distortions", lambda: (*distortions(), ink, impossible))

    record, measured = audit(["ink", "nothing", "detail", "gap"], small)

    seen = _verdicts(record, "ink")
    assert seen.pop("ink") == ["sees", "sees"]
    assert seen.pop("impossible") == []
    assert {verdict for verdicts in seen.values() for verdict in verdicts} == {"blind"}
    assert {v for name, verdicts in _verdicts(record, "nothing").items() for v in verdicts} == {"blind"}
    assert _verdicts(record, "detail")["blur"] == ["wrong"] * 4
    assert _verdicts(record, "detail")["noise"][-1] == "sees"
    assert _verdicts(record, "gap")["ink"][-1] == "sees"
    assert _verdicts(record, "gap")["noise"][0] == "blind"
    assert record.distortions[-1].n == 0
    assert record.distortions[-1].reasons == {"no picture can have it": 8}
    assert set(measured.frame(record.keys)["metric"]) == {"ink.hole", "nothing.hole", "detail.hole"}


class _Reversed:
    """A data set in the opposite order."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset, self.name, self.revision = dataset, dataset.name, dataset.revision
        self.classes, self.objects, self.ids = dataset.classes, dataset.objects, dataset.ids[::-1]

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Sample:
        if index >= len(self):
            raise IndexError
        return self.dataset[len(self) - 1 - index]


def test_an_audit_depends_on_its_seed_and_not_on_batches_or_order(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = ["psnr", "ssim", "gap"]
    record, _ = audit(metrics, small)
    monkeypatch.setattr(bench.audit.run, "_BATCH", 3)
    turned, _ = audit(metrics, _Reversed(small))  # type: ignore[arg-type]
    other, _ = audit(["psnr"], small, seed=1)

    assert turned.responses == record.responses
    assert not set(other.responses) & set(record.responses)


def test_metrics_that_cannot_be_audited_say_why(small: Dataset) -> None:
    names = ["psnr", "label-miou", "best-of-4-psnr", "judge-miou", "judge-miou-ceiling", "p-ids", "class-left"]
    record, _ = audit(names, small, limit=2)
    reasons = record.not_audited

    assert [metric.name for metric in record.metrics] == ["psnr"]
    assert set(reasons) == set(names[1:])
    for name, word in (
        ("label-miou", "label maps"),
        ("best-of-4-psnr", "4 fills"),
        ("judge-miou", "judge"),
        ("judge-miou-ceiling", "every fill"),
        ("p-ids", "other pictures"),
        ("class-left", "judge"),
    ):
        assert word in reasons[name]


def test_wrong_usage_is_refused(small: Dataset) -> None:
    with pytest.raises(UnknownName, match="psnr"):
        audit(["pnsr"], small)
    with pytest.raises(UsageError, match="one or more"):
        audit([], small)
    with pytest.raises(UsageError, match="one task"):
        audit(["psnr"], small, protocols=["center-50", "object-removal"])
    with pytest.raises(UsageError, match="a truth"):
        audit(["psnr"], small, protocols=["object-removal"])


@pytest.mark.parametrize(
    ("response", "ci95", "verdict"),
    [
        (2.0, (1.0, 3.0), "sees"),
        (0.5, (0.2, 0.7), "weak"),
        (0.05, (0.04, 0.06), "blind"),
        (3.0, (-0.1, 6.0), "blind"),
        (0.0, (0.0, 0.0), "blind"),
        (-0.5, (-0.7, -0.2), "wrong"),
        (2.0, None, "unknown"),
    ],
)
def test_verdicts(response: float, ci95: tuple[float, float] | None, verdict: str) -> None:
    assert verdict_of(response, ci95) == verdict


def test_the_noise_of_a_set_metric_is_comparable_with_that_of_a_mean() -> None:
    """A distance of means that is linear in the pictures has the noise of a picture's own value."""
    random = np.random.default_rng(0)
    truth = np.zeros((400, 1))
    redrawn = [10 + random.normal(size=(400, 1)) for _ in range(4)]
    everywhere = np.ones(400, bool)
    metric = MADE_UP["gap"]

    found = responses_of_set(metric, truth, redrawn, [(redrawn[0] + 1, everywhere)], [str(n) for n in range(400)])

    assert found.noise == pytest.approx(np.sqrt(2), rel=0.15)
    assert found.change[0] == pytest.approx(1)


def test_the_command_writes_its_files_and_the_same_record_again(tmp_path: Path) -> None:
    command = ["audit", "--metrics", "psnr,ink", "--size", "48", "--limit", "3", "-o", str(tmp_path)]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*") if path.name != ".lock"}
    record, measured = audit(["psnr", "ink"], size="48", limit=3)

    assert result.exit_code == 0
    assert "PSNR hole" in result.stdout
    assert files == {
        "audit.json",
        "values.csv",
        *(f"tables/audit.{suffix}" for suffix in ("csv", "html", "md", "tex")),
        *(f"plots/{name}.{suffix}" for name in ("overview", "psnr", "ink") for suffix in ("pdf", "png")),
    }
    assert read_audit(tmp_path) == record
    assert (tmp_path / "values.csv").read_text() == measured.frame(record.keys).to_csv(index=False)


def test_a_metric_of_removals_sees_the_object_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = [one for one in distortions() if one.name == "redrawn-object"]
    monkeypatch.setattr(bench.audit.run, "distortions", lambda: left_out)
    record, _ = audit(["class-left", "label-miou"], size="64", limit=4, protocols=["object-removal"])
    left = record.curve("class-left", "redrawn-object")

    assert record.info.task == "removal"
    assert list(record.not_audited) == ["label-miou"]
    assert [response.response for response in left] == sorted(response.response for response in left)
    assert left[-1].response > 0
    assert record.metrics[0].signature.endswith("|task:removal")


def test_an_engine_gives_the_same_audit(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.audit.run, "_BATCH", 2)
    root, options = picture_folder(5, size=32), {"protocols": ("half-left",), "size": "32", "limit": None}

    def run(executor: DirectEngine | None) -> tuple[AuditRecord, Measured]:
        return audit(["psnr", "l1"], "folder", data_root=str(root), executor=executor, **options)  # type: ignore[arg-type]

    (record, measured), (same, again), (less, lost) = run(None), run(DirectEngine()), run(DirectEngine(lost=(1,)))

    assert same == record
    assert csv_text(again.frame(same.keys)) == csv_text(measured.frame(record.keys))
    assert again.lost is measured.lost is None
    assert (record.info.n, less.info.n) == (5, 3)
    assert lost.pictures == [measured.pictures[row] for row in (0, 1, 4)]
    assert lost.values("l1.hole", REDRAWN[0]).tolist() == measured.values("l1.hole", REDRAWN[0])[[0, 1, 4]].tolist()
    assert "half-left@1, 2 pictures from p002 to p003: SIGSEGV" in str(lost.lost)
    with pytest.raises(Failure, match="workers that died twice"):
        run(DirectEngine(lost=range(3)))
    with pytest.raises(UsageError, match="of a data set and a judge with names"):
        audit(["l1"], bench.data.load("folder", size=(32, 32), root=root), executor=DirectEngine())
