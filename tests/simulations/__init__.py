"""Simulations behind docs/explanation/statistics.md: each module prints the table that stands on the page."""
