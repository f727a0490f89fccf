"""What is made of a profile's records: tables, plots, and files for other people's dashboards."""

from bench.reporting.profile.files import report_profile
from bench.reporting.profile.frame import profile_frame
from bench.reporting.profile.table import profile_table

__all__ = ["profile_frame", "profile_table", "report_profile"]
