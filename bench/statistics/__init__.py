"""Statistics of per-image values: bootstrap intervals that are the same on every machine."""

from bench.statistics.bootstrap import mean_interval

__all__ = ["mean_interval"]
