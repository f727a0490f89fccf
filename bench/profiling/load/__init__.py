"""Load tests: latency and throughput as a service has them, in the scenarios of MLPerf Inference.

    run.py          `load_test`: every scenario of every model;  worker.py  the process of one model
    measure.py      one scenario of one configuration: service.py (the model), trials.py (queries), search.py (rates)
    arrivals.py     when queries arrive;  queries.py  the queue, on any clock;  plan.py  what is asked for

docs/explanation/timing.md explains the scenarios. `bench.records.load.read_load` reads the records back, without torch.
"""

from bench.profiling.load.plan import LoadPlan
from bench.profiling.load.run import load_test

__all__ = ["LoadPlan", "load_test"]
