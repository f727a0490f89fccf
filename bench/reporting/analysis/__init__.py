"""What is computed of a run's records before anything is printed or drawn: values, ranks, significance, aggregates."""

from bench.reporting.analysis.run_analysis import RunAnalysis

__all__ = ["RunAnalysis"]
