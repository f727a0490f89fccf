from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UnknownName, UsageError
from bench.evaluation.suite import SUITES, Suite, read_suite


@pytest.mark.parametrize("name", [entry.name for entry in SUITES])
def test_every_packaged_suite_reads(name: str) -> None:
    suite = read_suite(name)

    assert suite.name == name
    assert suite.models
    assert suite.protocols


def test_a_file_says_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("models: [telea]\nprotocols: [half-left]\nsize: 128\nlimit: 3\nseed: 7\n")

    assert read_suite(str(file)) == Suite(
        "mine", models=("telea",), protocols=("half-left",), size="128", limit=3, seed=7
    )


def test_options_go_before_the_file() -> None:
    suite = Suite("a", limit=3, seed=7)

    assert suite.with_changes(limit=None, seed=0, models=("mean",)) == Suite("a", limit=3, seed=0, models=("mean",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modles: [telea]", "Did you mean models"),
        ("models: telea", "list of at least one name"),
        ("models: []", "list of at least one name"),
        ("models: [1]", "list of at least one name"),
        ("limit: 0", "whole number of at least 1"),
        ("limit: true", "whole number"),
        ("seed: -1", "whole number of at least 0"),
        ("dataset: 3", "'dataset' in suite file bad.yaml must be a text"),
        ("size: [256]", "must be a text"),
        ("- telea", "mapping of keys"),
        ("gate: 0.1dB", "map METRIC.REGION to a margin"),
        ("gate: {psnr.hole: about a decibel}", "METRIC.REGION:AMOUNT"),
        ("gate: {psnr.hole: -1}", "METRIC.REGION:AMOUNT"),
        ("models: [", "readable YAML"),
        ("", "mapping of keys"),
    ],
)
def test_a_bad_file(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)

    with pytest.raises(UsageError, match=message):
        read_suite(str(file))


def test_margins_of_the_gate_are_kept_as_written(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("gate:\n  psnr.hole: 0.05dB\n  ssim.boundary: 0.5%\n  l1.hole: 0.2\n")

    assert read_suite(str(file)).gate == (("psnr.hole", "0.05dB"), ("ssim.boundary", "0.5%"), ("l1.hole", "0.2"))


def test_a_missing_file_and_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="readable YAML file"):
        read_suite(str(tmp_path / "no.yaml"))
    with pytest.raises(UnknownName, match="Did you mean quick"):
        read_suite("quikc")
