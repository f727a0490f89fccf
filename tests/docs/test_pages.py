"""Links lead somewhere, generated pages are not stale, and tables of measured results are those that are kept."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from bench.audit.catalogue import distortions
from bench.records import read_run
from bench.records.audit import read_audit
from bench.reporting.audit.table import grades_text
from docs.generator.layers import contract
from docs.generator.pages import rendered
from tests.docs.blocks import PAGES, ROOT
from tests.support.reference import table
from tests.support.reference_audit import KEPT, PAGE, tables_of, with_tables

LINKED = [*PAGES, "CHANGELOG.md", "results/README.md"]


@pytest.mark.parametrize("page", LINKED)
def test_links_lead_somewhere(page: str) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)

    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


def test_generated_pages_are_what_the_generator_writes() -> None:
    stale = [path for path, text in rendered().items() if (ROOT / path).read_text(encoding="utf-8") != text]

    assert not stale, "Run `python -m docs.generator`."


def test_every_page_stands_in_the_navigation() -> None:
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), yaml.SafeLoader)
    named = set(_leaves(config["nav"]))
    pages = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}

    assert named == pages | {"contributing.md", "changelog.md", "security.md"}


def _leaves(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [leaf for child in children for leaf in _leaves(child)]


def test_the_picture_of_the_layers_has_every_package() -> None:
    drawn = {name for row in contract(ROOT / "pyproject.toml") for name in row}

    packages = {path.parent.name for path in (ROOT / "bench").glob("*/__init__.py")}
    assert packages <= drawn


@pytest.mark.parametrize(("target", "command"), [("bench", "spgbench run quick -o results/quick"), ("test", "tox run")])
def test_the_two_commands_are_what_the_readme_says(target: str, command: str) -> None:
    steps = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert command in steps


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("README.md", "guidance-streets"),
        ("docs/explanation/spgnet-results.md", "guidance-streets"),
        ("docs/explanation/spgnet-results.md", "guidance-camvid"),
        ("docs/explanation/baselines.md", "learned-streets"),
    ],
)
def test_pages_show_the_reference_results(page: str, name: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert table(read_run(ROOT / "results" / "reference" / name), page) in text


def test_no_page_needs_an_internal_word() -> None:
    words = re.compile(r"\b(?:VOID for|lone|likeness|arms?)\b|--override-ini", re.IGNORECASE)

    for page in PAGES:
        found = words.search((ROOT / page).read_text(encoding="utf-8"))
        assert found is None, f"{page}: {found and found[0]}"


def test_the_version_has_an_entry_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert "## [Unreleased]" in text
    assert Path(ROOT / "pyproject.toml").read_text(encoding="utf-8").split('version = "')[1].split('"')[0] in text


@pytest.mark.parametrize("task", ["completion", "removal"])
def test_the_page_of_the_audit_shows_the_kept_audits_and_all_distortions(task: str) -> None:
    record, text = read_audit(ROOT / KEPT[task]), (ROOT / PAGE).read_text(encoding="utf-8")

    assert record.info.task == task
    assert with_tables(text, task, tables_of(record)) == text
    assert [(one.name, one.grades, one.summary) for one in record.distortions] == [
        (one.name, one.grades, one.summary) for one in distortions()
    ]
    for one in record.distortions:
        assert f"| {one.title} | {grades_text(one, one.grades)}" in text
