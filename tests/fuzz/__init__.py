"""Hostile input: what any bytes do to every reader. `python -m tests.fuzz --help` says how to run it at length."""
