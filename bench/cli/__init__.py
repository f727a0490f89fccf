"""Commands: parse, call, print."""

from bench.cli.app import app, main

__all__ = ["app", "main"]
