"""Pictures with label maps: the datasets by name, all at any size.

`load("streets")` needs nothing; every other dataset reads files that the user has (docs/reference/data-sets.md).
"""

from bench.data.cache import Cached
from bench.data.catalogue import DATASETS, load
from bench.image_files.sizes import parse_size

__all__ = ["DATASETS", "Cached", "load", "parse_size"]
