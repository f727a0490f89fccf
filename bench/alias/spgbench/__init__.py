"""`spgbench` is `bench` under the name of the distribution: the same modules and objects.

`spgbench.metrics`, `from spgbench.metrics import psnr` and `import spgbench.reporting.tables` give the modules of
`bench` themselves, imported at first use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import bench

__all__ = bench.__all__


class _Aliases(MetaPathFinder, Loader):
    """Finds `spgbench.NAME`, at any depth, as `bench.NAME`."""

    def find_spec(self, fullname: str, *_others: object) -> ModuleSpec | None:
        """The module of `bench`, where there is one. Asked first: else its files would be read a second time."""
        package, _, name = fullname.partition(".")
        if package != "spgbench" or name in ("", "__main__"):
            return None
        try:
            module = import_module(f"bench.{name}")
        except ModuleNotFoundError as error:
            if error.name == f"bench.{name}":
                return None
            raise
        return ModuleSpec(fullname, self, is_package=hasattr(module, "__path__"), loader_state=module.__spec__)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself, imported already."""
        return import_module(f"bench.{spec.name.removeprefix('spgbench.')}")

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run again; the module keeps its own spec, which the import has just replaced."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state


sys.meta_path.insert(0, _Aliases())


def __getattr__(name: str) -> Any:
    return getattr(bench, name)


def __dir__() -> list[str]:
    return dir(bench)
