"""What is wrong with a prediction, told by the known pixels: every model was given them, so it should return them."""

from bench.evaluation.known_pixels.check import check_predictions

__all__ = ["check_predictions"]
