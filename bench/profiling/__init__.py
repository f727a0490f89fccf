"""Profiling: time, memory and operations of a model for every configuration, and a gate for changes of them.

    run.py          `profile`: every configuration of every model;  worker.py  the process of one model
    measure.py      one configuration: execution.py (prepare and call), inspection.py, clock.py, memory.py, roofline.py
    latency_gate.py `compare_versions`: this version against another one
                    bench_client.py and bench_process.py (a process of a version), decision.py (statistics),
                    version_comparison.py (results)
    on_engine.py    a whole profile as the work of one worker of an engine

docs/explanation/timing.md explains how times are measured. `bench.records.profile.read_profile` reads the records back,
without torch.
"""

from bench.profiling.decision import Rules
from bench.profiling.latency_gate import Schedule, compare_versions
from bench.profiling.on_engine import measure_on
from bench.profiling.run import profile
from bench.profiling.sweep import Effort, Sweep
from bench.profiling.version_comparison import VersionComparison

__all__ = ["Effort", "Rules", "Schedule", "Sweep", "VersionComparison", "compare_versions", "measure_on", "profile"]
