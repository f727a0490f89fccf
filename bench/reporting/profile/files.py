"""Everything that is made of a profile's records, as files."""

from __future__ import annotations

from pathlib import Path

from bench.records import RunLayout, write_atomically
from bench.records.profile import Profile
from bench.records.schema import dump
from bench.reporting.csv_text import csv_text
from bench.reporting.plots.end_to_end import end_to_end_plot
from bench.reporting.plots.latency import latency_plot
from bench.reporting.plots.stages import stages_plot
from bench.reporting.plots.style import save, styled
from bench.reporting.plots.throughput import throughput_plot
from bench.reporting.profile.exports import as_bencher, as_pytest_benchmark
from bench.reporting.profile.frame import plain_rows, profile_frame
from bench.reporting.profile.table import profile_table

__all__ = ["report_profile"]

_PLOTS = {
    "latency": latency_plot,
    "throughput": throughput_plot,
    "stages": stages_plot,
    "end-to-end": end_to_end_plot,
}


def report_profile(profile: Profile) -> list[Path]:
    """Write `tables/profile.{md,csv,json}`, `plots/profile-*.{png,pdf}`, `profile/pytest-benchmark.json` and
    `profile/bencher.json` beside the records; returns the paths. The same records give the same bytes."""
    layout = RunLayout(profile.layout.out)
    frame = profile_frame(profile)
    exports = profile.layout.environment_file
    texts = {
        layout.tables / "profile.md": profile_table(profile),
        layout.tables / "profile.csv": csv_text(frame),
        layout.tables / "profile.json": dump(plain_rows(frame)),
        exports.with_name("pytest-benchmark.json"): as_pytest_benchmark(profile),
        exports.with_name("bencher.json"): as_bencher(profile),
    }
    for path, text in texts.items():
        write_atomically(path, text)
    written = list(texts)
    with styled():
        for name, draw in _PLOTS.items():
            figure = draw(profile)
            if figure is not None:
                written += save(figure, layout.plots / f"profile-{name}")
    return written
