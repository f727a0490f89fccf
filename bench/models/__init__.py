"""The catalogue of models. `load` makes one ready to fill holes; listing the catalogue imports no model.

`load_for_run` does the same for a run, where a model that cannot be used must not stop the others.
"""

from bench.models.catalogue import MODELS, load, load_for_run, loads_code_of_others

__all__ = ["MODELS", "load", "load_for_run", "loads_code_of_others"]
