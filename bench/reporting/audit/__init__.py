"""Tables and plots of an audit of metrics, made from its record alone."""

from bench.reporting.audit.files import report_audit
from bench.reporting.audit.table import audit_table

__all__ = ["audit_table", "report_audit"]
