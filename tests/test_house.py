"""Rules for all modules of the three packages, read from their source text."""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for package in ("bench", "spgnet", "baselines")
    for file in sorted((ROOT / package).rglob("*.py"))
}
TREES = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in MODULES.items()}

MOST_LINES = 330
WITHOUT_ALL = {"bench.__main__", "bench.alias.spgbench.__main__", "bench.profiling.bench_process"}
"""Scripts, which nothing imports names from."""


def test_no_two_public_classes_have_one_name() -> None:
    modules = defaultdict(list)
    for module, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].append(module)

    shared = {name: found for name, found in modules.items() if len(found) > 1}
    assert not shared


@pytest.mark.parametrize("module", [name for name in MODULES if name not in WITHOUT_ALL])
def test_every_module_lists_its_public_names(module: str) -> None:
    file, body = MODULES[module], TREES[module].body
    if file.name == "__init__.py" and not any(isinstance(node, ast.ImportFrom | ast.FunctionDef) for node in body):
        return  # a folder with nothing but a docstring

    targets = [node.targets[0] for node in body if isinstance(node, ast.Assign)]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    assert "__all__" in [target.id for target in targets if isinstance(target, ast.Name)]


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())

    assert lines <= MOST_LINES


def test_no_modules_import_one_another_in_a_circle() -> None:
    """As the contract of import-linter, but with the imports that only annotations need."""
    graph = {name: _imports(tree) for name, tree in TREES.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def _imports(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names.add(full if full in MODULES else node.module)
    return names & MODULES.keys()
