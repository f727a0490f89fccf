from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

import bench.registry
from bench.errors import UnknownName, UsageError
from bench.registry import Registry


@pytest.fixture
def registry() -> Registry[Any]:
    made: Registry[Any] = Registry("thing", "spgbench.tests-nobody-uses")
    made.add("list", "builtins:list", "a list")
    made.add("block@2", "builtins:dict", "a second", size=2)
    made.add("block@10", "builtins:dict", "a tenth", size=10)
    made.add("text:", "builtins:str", "any text")
    return made


def test_creates_with_bound_and_given_arguments(registry: Registry[Any]) -> None:
    assert registry.create("block@2", colour="red") == {"size": 2, "colour": "red"}


def test_a_bare_name_is_the_newest_version(registry: Registry[Any]) -> None:
    assert registry.find("block")[0].name == "block@10"


def test_a_scheme_takes_the_rest_of_the_name(registry: Registry[Any]) -> None:
    assert registry.create("text:a:b") == "a:b"


@pytest.mark.parametrize("name", ["text:", "text", "lost", "block@3", ""])
def test_unknown_names(registry: Registry[Any], name: str) -> None:
    if name == "text:":
        assert registry.find(name)[0].name == "text:"
        return
    with pytest.raises(UnknownName):
        registry.find(name)


def test_a_typing_error_gets_a_suggestion(registry: Registry[Any]) -> None:
    with pytest.raises(UnknownName, match="Did you mean list"):
        registry.find("lits")


@pytest.mark.parametrize(
    ("name", "entry"), [("LIST", "list"), ("Block", "block@10"), ("BLOCK@2", "block@2"), ("Text:A:b", "text:")]
)
def test_case_does_not_matter(registry: Registry[Any], name: str, entry: str) -> None:
    assert registry.find(name)[0].name == entry


def test_underscores_are_hyphens_and_an_argument_keeps_its_case(registry: Registry[Any]) -> None:
    registry.add("two-words", "builtins:list", "words")

    assert registry.find("Two_Words")[0].name == "two-words"
    assert registry.create("TEXT:Data/A_b") == "Data/A_b"


def test_an_equal_name_goes_first_and_two_that_fold_alike_are_unknown(registry: Registry[Any]) -> None:
    registry.add("a_b", "builtins:list", "one")
    registry.add("A-B", "builtins:dict", "another")

    assert registry.find("a_b")[0].summary == "one"
    with pytest.raises(UnknownName, match="Did you mean"):
        registry.find("a-b")


def test_a_name_of_a_long_catalogue_is_pointed_to_its_list() -> None:
    long: Registry[Any] = Registry("thing", "spgbench.tests-nobody-uses", "spgbench ls things")
    for index in range(20):
        long.add(f"number-{index}", "builtins:list", "a number")

    with pytest.raises(UnknownName, match=r"found no such name\. `spgbench ls things` lists all\.$"):
        long.find("zzz")


def test_a_name_is_taken_once(registry: Registry[Any]) -> None:
    with pytest.raises(UsageError, match="registered once"):
        registry.add("list", "builtins:tuple", "another")


@pytest.mark.parametrize("target", ["no_such_module:x", "builtins:no_such_name"])
def test_a_target_that_does_not_import(target: str) -> None:
    registry: Registry[Any] = Registry("thing", "spgbench.tests-nobody-uses")
    registry.add("broken", target, "broken")
    with pytest.raises(UsageError, match="'broken' must import from"):
        registry.create("broken")


def test_entry_points_join(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("foreign", "builtins:set", "some.group")
    monkeypatch.setattr(bench.registry, "entry_points", lambda group: [point] if group == "some.group" else [])

    registry: Registry[Any] = Registry("thing", "some.group")

    assert registry.create("foreign") == set()
    assert [entry.name for entry in registry] == ["foreign"]
