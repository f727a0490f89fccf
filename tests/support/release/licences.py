"""Licences of everything that is installed, from its own metadata: which of them the project can take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.release.commands import Environment, run_command

__all__ = ["EXCEPTIONS", "Package", "installed_packages", "licence_problems", "write_list"]

_CUDA = "a library of CUDA that torch loads; NVIDIA lets it be installed, and the wheel does not hold it"
EXCEPTIONS: Mapping[str, str] = {
    "atheris": "its metadata states no licence; its source is under Apache-2.0",
    "codespell": "a command of lint under GPL-2.0; neither imported nor distributed",
    "cuda-toolkit": "holds no code; it requires libraries of CUDA",
    "nvidia-cublas": _CUDA,
    "nvidia-cuda-cccl": _CUDA,
    "nvidia-cuda-cupti": _CUDA,
    "nvidia-cuda-nvrtc": _CUDA,
    "nvidia-cuda-runtime": _CUDA,
    "nvidia-cudnn-cu13": _CUDA,
    "nvidia-cufft": _CUDA,
    "nvidia-cufile": _CUDA,
    "nvidia-cusolver": _CUDA,
    "nvidia-cusparse": _CUDA,
    "nvidia-cusparselt-cu13": _CUDA,
    "nvidia-nccl-cu13": _CUDA,
    "nvidia-nvjitlink": _CUDA,
    "nvidia-nvshmem-cu13": _CUDA,
    "nvidia-nvtx": _CUDA,
}
"""Packages that are taken although their licence is not among the accepted ones, and why."""

_ONLY_TOOLS = frozenset(("codespell",))
"""Exceptions that hold for tools alone: with one of them in the wheel's requirements the check fails."""

_ACCEPTED = (
    r"0bsd",
    r"apache(-2\.0| 2\.0( license)?| license 2\.0| software license)",
    r"(2|3)-clause bsd( license)?",
    r"bsd([- ][23]-clause)?( license)?",
    r"bsl-1\.0",
    r"cc0-1\.0",
    r"cnri-python",
    r"isc( license)?( \(iscl\))?",
    r"mit(-cmu)?( license)?",
    r"mozilla public license 2\.0 \(mpl 2\.0\)|mpl-2\.0",
    r"psf-2\.0|psfl|python software foundation license",
    r"zlib",
)
_PROGRAM = """
import json, sys
from importlib.metadata import distributions
print(json.dumps([
    [one.name, one.version, one.metadata["License-Expression"], one.metadata["License"],
     [line for line in one.metadata.get_all("Classifier", []) if line.startswith("License ::")]]
    for one in distributions()
]))
"""


@dataclass(frozen=True)
class Package:
    """One installed distribution.

    Attributes:
        name: in lower case with hyphens.
        version: as installed.
        licences: every statement of its metadata: the SPDX expression, else the classifiers and a short free text.
    """

    name: str
    version: str
    licences: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether there is a statement, and the project can take what each of them says."""
        return bool(self.licences) and all(map(_is_accepted, self.licences))


def installed_packages(environment: Environment) -> list[Package]:
    """Every distribution of an environment but spgbench, by name."""
    rows = json.loads(run_command([environment.python, "-I", "-c", _PROGRAM], environment.folder).stdout)
    packages = [_package(*row) for row in rows]
    return sorted((one for one in packages if one.name != "spgbench"), key=lambda one: one.name)


def licence_problems(packages: Iterable[Package], of_users: Iterable[Package]) -> list[str]:
    """Packages that the project cannot take, and exceptions that are needless or wrongly used.

    Args:
        packages: everything that users and developers install.
        of_users: what the wheel and its extras need, a part of it.
    """
    names = {one.name for one in of_users}
    problems = []
    for one in packages:
        stated = " and ".join(one.licences) or "no licence"
        if one.is_accepted and one.name in EXCEPTIONS:
            problems.append(f"{one.name} needs no exception any more: {stated}")
        elif not one.is_accepted and one.name not in EXCEPTIONS:
            problems.append(f"{one.name} {one.version} must have an accepted licence; found {stated}")
        elif one.name in _ONLY_TOOLS & names:
            problems.append(f"{one.name} must not be required by the wheel or its extras: {stated}")
    return problems


def write_list(packages: Iterable[Package], file: Path) -> None:
    """Write a table: name, version, licences, and why an exception is made."""
    rows = [(one.name, one.version, " and ".join(one.licences), EXCEPTIONS.get(one.name, "")) for one in packages]
    file.write_text("".join("\t".join(row).rstrip() + "\n" for row in rows), encoding="utf-8")


def _package(name: str, version: str, expression: str | None, text: str | None, classifiers: list[str]) -> Package:
    found = [expression] if expression else [line.rpartition(" :: ")[2] for line in classifiers]
    short = (text or "").strip()
    is_name = short and short != "UNKNOWN" and "\n" not in short and len(short) < 100
    if not expression and is_name:  # a long text is the licence itself, with those of what it bundles
        found.append(short)
    return Package(re.sub(r"[-_.]+", "-", name).lower(), version, tuple(dict.fromkeys(found)))


def _is_accepted(statement: str) -> bool:
    """SPDX without parentheses, where AND binds closer than OR, or a name of one licence."""
    return any(all(map(_is_known, one.split(" AND "))) for one in statement.split(" OR "))


def _is_known(name: str) -> bool:
    licence, _, permission = name.strip().lower().partition(" with ")
    if permission == "gcc-exception-3.1":  # the run-time library of a compiler
        return re.fullmatch(r"l?gpl-3\.0-(only|or-later)", licence) is not None
    return permission in ("", "llvm-exception") and any(re.fullmatch(one, licence) for one in _ACCEPTED)
