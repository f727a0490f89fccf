"""What each metric sees: its response to graded distortions of the truth inside the hole."""

from bench.audit.run import audit

__all__ = ["audit"]
