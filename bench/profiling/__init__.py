"""What a model costs: time, memory and operations for every size, and a gate for changes of them.

`profile` sweeps over configurations and records; docs/explanation/timing.md explains how. Records are read back by
`bench.records.profile.read_profile`, without torch. `against` holds this version against another one.
"""

from bench.profiling.decision import Rules
from bench.profiling.latency_gate import Schedule, against
from bench.profiling.run import profile
from bench.profiling.sweep import Effort, Sweep
from bench.profiling.version_comparison import VersionComparison

__all__ = ["Effort", "Rules", "Schedule", "Sweep", "VersionComparison", "against", "profile"]
