"""Is one model better than another, and may it take its place? Verdicts from records alone: no model is run.

`compare` and `gate` are the commands of the same names as functions on what `bench.records.read_run` returns.
"""

from bench.gating.comparison import ComparedCell, Comparison, Difference, compare
from bench.gating.gate import gate
from bench.gating.load_limit import LoadLimit
from bench.gating.margins import Margin, default_margins, default_tolerances, parse_limit
from bench.gating.results import CheckResult, GateResult
from bench.gating.selection import ModelPair, Selection, others, select

__all__ = [
    "CheckResult",
    "ComparedCell",
    "Comparison",
    "Difference",
    "GateResult",
    "LoadLimit",
    "Margin",
    "ModelPair",
    "Selection",
    "compare",
    "default_margins",
    "default_tolerances",
    "gate",
    "others",
    "parse_limit",
    "select",
]
