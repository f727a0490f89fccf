"""What a model costs: time, memory and operations for every size, and a gate for changes of them.

`profile` sweeps over configurations and records; docs/performance.md says how it measures. Records are read back by
`bench.records.profile.read_profile`, without torch.
"""

from bench.profiling.run import profile
from bench.profiling.sweep import Effort, Sweep

__all__ = ["Effort", "Sweep", "profile"]
