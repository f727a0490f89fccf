"""The judges: segmenters that tell what completed pictures show, so that it can be compared with the truth.

`load("streets", classes)` makes one ready. Importing this package, or listing `JUDGES`, imports no torch.
"""

from bench.segmentation.catalogue import JUDGES, load
from bench.segmentation.listing import shipped

__all__ = ["JUDGES", "load", "shipped"]
