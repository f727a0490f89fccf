"""Scores of predicted label maps against true ones, class by class.

As functions on plain tensors (`bench.metrics.iou` ...), and as metrics of a run: of the label maps that a model
completes, of what a judge sees in completed pictures, and of the judge's ceiling (`families.py`).

Common to all: a value is NaN (undefined) where nothing of the class is counted in either map, counts and distances are
exact, and an image's values are the same to the last bit for any batch, order and number of threads. Tensors on
another device are copied to the CPU for the work. Boundaries and surfaces are found in the whole map and then counted
inside the region, so that the region's edge is no boundary and what lies across it can be near.
"""

from __future__ import annotations

__all__: list[str] = []
