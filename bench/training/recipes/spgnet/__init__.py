"""SPG-Net in the paper's stages."""

from bench.training.recipes.spgnet.config import PRESETS, SPGNetTraining
from bench.training.recipes.spgnet.recipe import SPGNetRecipe, build

__all__ = ["PRESETS", "SPGNetRecipe", "SPGNetTraining", "build"]
