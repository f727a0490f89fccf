"""The page of performance shows what the kept references hold."""

from __future__ import annotations

from tests.support.gpu.performance_table import PAGE, performance_table, references, with_table


def test_the_table_is_that_of_the_kept_references() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert with_table(page, performance_table(references())) == page
    assert "paper-" not in page
    assert "AMD EPYC" in page
