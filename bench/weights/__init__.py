"""Published network weights: which file, from where, under which licence, and where it lies on this machine.

A file is used only when its SHA-256 is the one written here, wherever it was found. Importing this package imports no
torch, and looks at no disk.
"""

from bench.weights.catalogue import WEIGHT_SETS, WeightFile, WeightSet, weight_file, weight_set
from bench.weights.finding import absence, find, find_set
from bench.weights.folders import cache_folder

__all__ = [
    "WEIGHT_SETS",
    "WeightFile",
    "WeightSet",
    "absence",
    "cache_folder",
    "find",
    "find_set",
    "weight_file",
    "weight_set",
]
