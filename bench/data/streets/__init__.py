"""`streets`: procedural street scenes with exact labels, drawn by the package itself."""

from bench.data.streets.dataset import SPLITS, VERSION, Streets
from bench.data.streets.street import CLASSES, OBJECTS

__all__ = ["CLASSES", "OBJECTS", "SPLITS", "VERSION", "Streets"]
