"""`report.html`: one page that holds a whole run, its tables, plots and pictures, and asks nothing of a network."""

from bench.reporting.page.document import write_page

__all__ = ["write_page"]
