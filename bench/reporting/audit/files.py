"""Everything that is made of an audit's record, as files."""

from __future__ import annotations

from pathlib import Path

from bench.records import RunLayout
from bench.records.audit import AuditRecord
from bench.reporting.audit.curves import curves_plot
from bench.reporting.audit.overview import overview_plot
from bench.reporting.audit.table import audit_table
from bench.reporting.plots.style import save, styled
from bench.reporting.tables.files import write_table

__all__ = ["report_audit"]


def report_audit(record: AuditRecord, out: Path) -> list[Path]:
    """Write `tables/audit.{md,tex,html,csv}`, `plots/overview.{png,pdf}` and `plots/<metric>.{png,pdf}` under `out`.

    The same record gives the same bytes.

    Returns:
        The paths.
    """
    layout = RunLayout(out)
    written = write_table(layout, "audit", audit_table(record), intervals=True)
    with styled(metric.title for metric in record.metrics):
        if record.metrics:
            written += save(overview_plot(record), layout.plots / "overview")
        for metric in record.metrics:
            written += save(curves_plot(record, metric), layout.plots / metric.name)
    return written
