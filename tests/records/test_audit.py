"""An audit's record is read as it was written, and anything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.records.audit import (
    AuditedDistortion,
    AuditedMetric,
    AuditInfo,
    AuditRecord,
    Response,
    audit_file,
    read_audit,
    write_audit,
)

RECORD = AuditRecord(
    AuditInfo("streets", "test", "64", "e" * 64, ("center-50@1",), "completion", 0, 3, "", "an interval"),
    (AuditedDistortion("blur", "blur", "px", (0.5, 1.0), "Blur.", 2, {"too small": 1}),),
    (AuditedMetric("psnr", "PSNR", "dB", True, "hole", "psnr|region:hole", 25.0, 0.5),),
    (
        Response("psnr", "blur", 0.5, 2, -0.5, -1.0, (-1.5, -0.5), "wrong"),
        Response("psnr", "blur", 1.0, 1, 1.0, 2.0, None, "unknown"),
    ),
    {"fid": "no weights"},
)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_audit(tmp_path, RECORD)

    assert read_audit(tmp_path) == RECORD
    assert [one.grade for one in RECORD.curve("psnr", "blur")] == [0.5, 1.0]
    assert RECORD.curve("psnr", "shift") == []
    assert RECORD.keys == ("psnr.hole",)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 0}', '{"format": 1, "info": 3}'])
def test_anything_else_is_refused(text: str, tmp_path: Path) -> None:
    audit_file(tmp_path).write_text(text)

    with pytest.raises(UsageError, match=r"audit\.json"):
        read_audit(tmp_path)
    with pytest.raises(UsageError, match="nowhere"):
        read_audit(tmp_path / "nowhere")
