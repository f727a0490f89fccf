from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.models.model_name import ModelName


@pytest.mark.parametrize(
    ("text", "title", "base", "query"),
    [
        ("telea", "", "telea", ""),
        ("ours=folder:a/b", "ours", "folder:a/b", ""),
        ("folder:a=b", "", "folder:a=b", ""),
        ("telea?radius=5", "", "telea", "radius=5"),
        ("wide=telea?radius=5&mode=fast", "wide", "telea", "radius=5&mode=fast"),
        ("command:run --a=b?timeout=3", "", "command:run --a=b", "timeout=3"),
    ],
)
def test_a_name_has_title_base_and_query(text: str, title: str, base: str, query: str) -> None:
    name = ModelName.parse(text)

    assert (name.title, name.base, name.query) == (title, base, query)
    assert f"{title}={name.untitled}".removeprefix("=") == text


def test_numbers_and_truth_values_are_read_as_such() -> None:
    options = ModelName.parse("m?a=5&b=0.5&c=true&d=0-255&e=x=y").options

    assert options == {"a": 5, "b": 0.5, "c": True, "d": "0-255", "e": "x=y"}


@pytest.mark.parametrize("option", ["radius", "radius=", "=5", "name=x", "device=cpu", "dataset=camvid"])
def test_what_is_no_option_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match=f"option '{option}' of model 'telea.*' must be KEY=VALUE"):
        ModelName.parse(f"mine=telea?{option}")
