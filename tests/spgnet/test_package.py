from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import spgnet

FILES = sorted(Path(spgnet.__file__).parent.glob("*.py"))


def test_every_listed_name_exists_and_is_listed() -> None:
    assert sorted(set(spgnet.__all__)) == sorted(spgnet.__all__)
    assert set(spgnet.__all__) <= set(dir(spgnet))
    for name in spgnet.__all__:
        assert getattr(spgnet, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'spgnet' has no attribute 'SPNET'"):
        _ = spgnet.SPNET


def test_the_package_itself_is_light_and_knows_no_harness() -> None:
    code = "import sys, spgnet; print(sorted({'torch', 'numpy', 'bench'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def imports(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_module_imports_the_harness(file: Path) -> None:
    assert not [name for name in imports(file) if name.split(".")[0] in {"bench", "baselines"}]


def test_sources_are_the_modules_that_a_fill_goes_through() -> None:
    modules = {f"spgnet.{file.stem}": file for file in FILES if file.stem != "__init__"}
    reached: set[str] = set()
    ahead = {"spgnet.model"}
    while ahead:
        reached |= ahead
        ahead = {name for module in ahead for name in imports(modules[module]) if name in modules} - reached

    assert sorted(spgnet.SOURCES) == sorted(reached)
    for library in spgnet.LIBRARIES:
        assert importlib.metadata.version(library)
