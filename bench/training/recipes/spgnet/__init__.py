"""The recipe of SPG-Net, in the stages of the paper."""

from bench.training.recipes.spgnet.config import PRESETS, SPGNetTraining
from bench.training.recipes.spgnet.recipe import SPGNetRecipe, build

__all__ = ["PRESETS", "SPGNetRecipe", "SPGNetTraining", "build"]
