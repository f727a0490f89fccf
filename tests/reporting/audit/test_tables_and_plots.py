"""The table of an audit says what its numbers mean, in every format; its plots are drawn from the record alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.records.audit import (
    AuditedDistortion,
    AuditedMetric,
    AuditInfo,
    AuditRecord,
    Response,
    Verdict,
)
from bench.reporting.audit import audit_table, report_audit
from bench.reporting.formatting import NOTHING

GRADES = (1.0, 2.0, 4.0)


def _curve(metric: str, distortion: str, values: list[tuple[float, Verdict]]) -> list[Response]:
    return [
        Response(metric, distortion, grade, 24, value, value, (value - 0.1, value + 0.1), verdict)
        for grade, (value, verdict) in zip(GRADES, values, strict=True)
    ]


@pytest.fixture
def record() -> AuditRecord:
    info = AuditInfo(
        "streets", "test", "256", "e" * 64, ("center-50@1",), "completion", 0, 24, "streets", "an interval"
    )
    psnr = AuditedMetric("psnr", "PSNR", "dB", True, "hole", "psnr|region:hole", 25.0, 0.5)
    distortions = (
        AuditedDistortion("blur", "blur", "px", GRADES, "Blur.", 24, {}),
        AuditedDistortion("seam", "seam", "dE", GRADES, "A step.", 24, {}),
        AuditedDistortion("copy", "copy & paste", "", (0.1, 0.5, 1.0), "A copy.", 20, {"too small": 4}),
    )
    responses = [
        *_curve("psnr", "blur", [(-1.2, "wrong"), (-0.6, "wrong"), (0.0, "blind")]),
        *_curve("psnr", "seam", [(0.3, "weak"), (1.5, "sees"), (12.3, "sees")]),
    ]
    return AuditRecord(info, distortions, (psnr,), tuple(responses), {"fid": "no weights", "kid": "no weights"})


def test_the_table_shows_blind_weak_and_wrong_in_every_format(record: AuditRecord, tmp_path: Path) -> None:
    files = {path.name: path for path in report_audit(record, tmp_path)}

    assert set(files) == {
        *(f"audit.{suffix}" for suffix in ("csv", "html", "md", "tex")),
        *(f"{name}.{suffix}" for name in ("overview", "psnr") for suffix in ("pdf", "png")),
    }
    for suffix in ("html", "md", "tex"):
        text = files[f"audit.{suffix}"].read_text(encoding="utf-8")
        for words in (
            "0.0 blind, wrong at 1, 2 px",
            "Not audited: fid, kid: no weights.",
            "Not on 4 pictures: too small.",
        ):
            assert words in text
        assert "metric" in text
        assert "model" not in text.lower()
        assert "Best in bold" not in text
    assert "-1.2,-1.3" in files["audit.csv"].read_text(encoding="utf-8")


def test_the_second_table_has_the_grade_from_which_on_all_are_seen(record: AuditRecord) -> None:
    strongest, slightest = (table.rows[0] for table in audit_table(record).groups)
    entries = audit_table(record).entries

    assert [entry.text for entry in entries(strongest)] == ["0.0 blind, wrong at 1, 2 px", "12", NOTHING]
    assert [entry.text for entry in entries(slightest)] == ["none", "2 dE", NOTHING]


def test_an_audit_without_metrics_has_a_table_that_says_why(record: AuditRecord, tmp_path: Path) -> None:
    empty = replace(record, metrics=(), responses=())
    files = report_audit(empty, tmp_path)

    assert {path.suffix for path in files} == {".csv", ".html", ".md", ".tex"}
    assert "no weights" in files[0].read_text(encoding="utf-8")
