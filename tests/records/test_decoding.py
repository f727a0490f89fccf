from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from bench.records.decoding import FieldError, decode


@dataclass(frozen=True)
class Part:
    name: str
    share: float = 0.5


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    ends: tuple[float, float] | None = None
    kind: Literal["a", "b"] = "a"
    counts: dict[str, int] | None = None
    exact: bool = False
    more: Any = None


def test_a_tree_is_built_from_data() -> None:
    data = {"parts": [{"name": "x"}, {"name": "y", "share": 1}], "ends": [0, 1.5], "counts": {"n": 3}, "more": [1, {}]}

    assert decode(Whole, data) == Whole((Part("x"), Part("y", 1)), (0, 1.5), "a", {"n": 3}, more=[1, {}])
    assert decode(Whole, {"parts": [], "ends": None}) == Whole(())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], r"field \(the whole file\) must be an object; found \[\]"),
        ({}, "field parts must be there; found no such field"),
        ({"parts": {}}, "field parts must be an array"),
        ({"parts": [{"name": "x"}, {"name": 3}]}, r"field parts\[1\]\.name must be text; found 3"),
        ({"parts": [{"name": "x", "size": 3}]}, r"field parts\[0\]\.size must be one of name, share; found a field"),
        ({"parts": [{"name": "x", "share": "much"}]}, "must be a number; found 'much'"),
        ({"parts": [{"name": "x", "share": True}]}, "must be a number; found True"),
        ({"parts": [], "ends": [1.0]}, "field ends must be an array of 2"),
        ({"parts": [], "kind": "c"}, "field kind must be one of a, b; found 'c'"),
        ({"parts": [], "counts": {"n": 1.5}}, r"field counts\.n must be a whole number; found 1\.5"),
        ({"parts": [], "counts": [1]}, "field counts must be an object"),
        ({"parts": [], "exact": 1}, "field exact must be true or false; found 1"),
        ({"parts": "x" * 100}, r"found 'x+\.\.\."),
    ],
)
def test_what_does_not_fit_is_named(data: object, message: str) -> None:
    with pytest.raises(FieldError, match=message):
        decode(Whole, data)
