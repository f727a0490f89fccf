"""Simulations behind docs/statistics.md: each module prints the table that stands on the page."""
