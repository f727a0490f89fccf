"""A CSV file holds every value, and nothing that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from bench.reporting.csv_text import csv_text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=5))
def test_no_text_is_a_formula_and_none_is_lost(texts: list[str]) -> None:
    frame = pd.DataFrame({"name": pd.Series(texts, dtype=object), "value": [-0.5] * len(texts)})

    _, *rows = csv.reader(io.StringIO(csv_text(frame), newline=""))

    for given_text, (name, value) in zip(texts, rows, strict=True):
        text = given_text.replace("\r\n", "\n").replace("\r", "\n")
        assert value == "-0.5"
        assert name in (text, f"'{text}")
        assert name == text or not text[0].isalnum()


def test_formulas_are_texts_and_numbers_stay_numbers() -> None:
    cells = ["=1+1", "+x", "-x", "@sum", "\tx", "-0.5", "+1e-3", "-inf", "a=b", None]
    frame = pd.DataFrame({"=a": pd.Series(cells, dtype=object)})

    head, *rows = csv.reader(io.StringIO(csv_text(frame)))

    assert head == ["'=a"]
    assert [row[0] if row else "" for row in rows] == ["'=1+1", "'+x", "'-x", "'@sum", "'\tx", *cells[5:9], ""]
