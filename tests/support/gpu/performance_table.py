"""Writes the table of docs/reference/performance.md: `python -m tests.support.gpu.performance_table`.

A column is a folder of results/reference that `tests.support.gpu.device_reference` wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.records.profile import Profile, ProfileRecord, read_profile
from bench.reporting.tables.markdown import markdown_grid

__all__ = ["PAGE", "REFERENCES", "performance_table", "with_table"]

PAGE = Path("docs/reference/performance.md")
REFERENCES = Path("results/reference")
_BEGIN, _END = "<!-- written by `python -m tests.support.gpu.performance_table` -->\n", "<!-- end of the table -->\n"


def performance_table(profiles: Sequence[Profile]) -> str:
    """Median ms of a call and its interquartile range, a line a model and shape, a column a device."""
    heads = ["size", "options", "picture", "batch", *(_device(profile) for profile in profiles)]
    columns = [_lines(profile) for profile in profiles]
    keys = sorted({key for column in columns for key in column}, key=_order)
    rows = []
    for key in keys:
        model, height, width, batch_size = key
        size, _, options = model.partition("-")
        cells = [_cell(column.get(key)) for column in columns]
        rows.append([size, options, f"{height}x{width}", str(batch_size), *cells])
    return markdown_grid(heads, rows) + "\n"


def with_table(page: str, table: str) -> str:
    """The page with the table between its marks."""
    head, _, rest = page.partition(_BEGIN)
    return head + _BEGIN + table + _END + rest.partition(_END)[2]


def references() -> list[Profile]:
    """The kept references of devices: the CPU's first."""
    folders = [name for name in ("cpu", "gpu") if (REFERENCES / name / "profile").is_dir()]
    return [read_profile(REFERENCES / name) for name in folders]


_Key = tuple[str, int, int, int]


def _lines(profile: Profile) -> dict[_Key, ProfileRecord]:
    found = {}
    for record in profile.records:
        one = record.configuration
        if record.measured and one.setting == "fp32 eager":
            found[record.model, one.height, one.width, one.batch_size] = record
    return found


def _order(key: _Key) -> tuple[int, ...]:
    model, height, width, batch_size = key
    order = ("exact", "fast", "hole", "graph").index(model.partition("-")[2])
    return (model.startswith("paper"), height * width * batch_size, batch_size, height, order)


def _device(profile: Profile) -> str:
    record = profile.records[0]
    threads = f", {profile.environment['threads']} threads" if record.device == "cpu" else ""
    return f"{record.device_name}{threads}, ms"


def _cell(record: ProfileRecord | None) -> str:
    if record is None:
        return "-"
    low, middle, high = (_ms(record.latency(percent)) for percent in (25, 50, 75))
    return f"{middle} ({low} to {high})" + (" INVALID" if record.invalid else "")


def _ms(seconds: float) -> str:
    """Three digits, or whole milliseconds."""
    ms = 1e3 * seconds
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.3g}"


def main() -> None:
    """Write the page again."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), performance_table(references())), encoding="utf-8")


if __name__ == "__main__":
    main()
