"""The judges: segmenters that tell what completed pictures show, so that it can be compared with the truth.

Importing this package, or listing `JUDGES`, imports no torch.
"""

from bench.segmentation.catalogue import JUDGES

__all__ = ["JUDGES"]
