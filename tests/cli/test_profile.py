from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import bench.profiling
from bench.cli import app
from bench.errors import UnknownName, UsageError
from bench.records.profile import (
    Configuration,
    ProfileLayout,
    ProfileRecord,
    read_profile,
    write_environment,
    write_records,
)


def test_a_profile_that_was_interrupted_is_reported_and_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = ProfileLayout(tmp_path)
    record = ProfileRecord("mean", "a" * 64, "cpu", "CPU", Configuration(32, 32), "partial", "stopped", wall_s=(0.1,))
    facts = {
        "models": [{"name": "mean", "fingerprint": "a" * 64}],
        "not_loaded": {"telea": "stopped by the user"},
        "status": "interrupted",
        "device": "cpu",
        "device_name": "CPU",
        "libraries": {},
        "input": "streets",
        "threads": 1,
        "cores": 2,
        "system": "Linux",
        "python": "3.12",
        "started": "2026-01-01T00:00:00+00:00",
    }
    write_records(layout.records_file("mean", "a" * 64), [record])
    write_environment(layout, facts)
    monkeypatch.setattr(bench.profiling, "profile", lambda *_, **__: read_profile(tmp_path))

    result = CliRunner().invoke(app, ["profile", "-o", str(tmp_path)])

    assert result.exit_code == 130
    assert "partial" in result.stdout
    assert "what was measured is kept" in result.stderr
    assert "model telea was not measured: stopped by the user" in result.stderr
    assert (tmp_path / "tables" / "profile.md").read_text() in result.stdout


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (("--models", "telae"), UnknownName, "telea"),
        (("--models", ","), UsageError, "at least one model"),
        (("--resolutions", "native"), UsageError, "native"),
        (("--resolutions", "12y"), UsageError, "12y"),
        (("--batch-sizes", "two"), UsageError, "two"),
        (("--precisions", "fp64"), UnknownName, "fp64"),
        (("--modes", "jit"), UnknownName, "jit"),
        (("--device", "cuda:99"), UsageError, "cuda:99"),
        (("--budget", "-1"), UsageError, "budget"),
        (("--against", "no-such-revision"), UsageError, "no-such-revision"),
        (("--against", "HEAD", "--factor", "0.9"), UsageError, "factor"),
        (("--against", "HEAD", "--end-to-end"), UsageError, "without --against"),
    ],
)
def test_bad_options_are_refused_before_anything_is_measured(
    options: tuple[str, ...], error: type[UsageError], message: str, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, ["profile", *options, "-o", str(tmp_path / "out")])

    assert isinstance(result.exception, error)
    assert result.exception.exit_code == 2
    assert message in str(result.exception)
    assert not (tmp_path / "out" / "profile").exists()
