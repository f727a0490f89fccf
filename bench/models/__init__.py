"""The catalogue of models. `load` makes one ready to fill holes; listing the catalogue imports no model."""

from bench.models.catalogue import MODELS, load

__all__ = ["MODELS", "load"]
