"""Which distortions there are: every module of the package `distortions` has one, as `DISTORTION`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from bench.audit import distortions as package
from bench.audit.distortion import Distortion

__all__ = ["distortions"]


@cache
def distortions() -> tuple[Distortion, ...]:
    """All distortions, in the order of tables."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    found = [import_module(f"{package.__name__}.{name}").DISTORTION for name in names]
    return tuple(sorted(found, key=lambda distortion: (distortion.order, distortion.name)))
