"""The environment of child processes on a machine where spgbench is a checkout and not installed."""

from __future__ import annotations

import os
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["child_environment"]


def child_environment(folder: Path) -> dict[str, str]:
    """This process's environment; where the package has no metadata, some is written to `folder` and put on the path.

    Cards of trainings and runs record the version of the package, which its metadata hold.
    """
    paths = [str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    try:
        version("spgbench")
    except PackageNotFoundError:
        project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
        target = folder / "metadata" / f"spgbench-{project['version']}.dist-info" / "METADATA"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"Metadata-Version: 2.1\nName: spgbench\nVersion: {project['version']}\n", encoding="utf-8")
        paths.append(str((folder / "metadata").resolve()))
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
