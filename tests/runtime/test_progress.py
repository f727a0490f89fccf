from __future__ import annotations

import pytest

from bench.runtime.progress import progress_bar, training_bar


def test_a_bar_writes_to_stderr_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(3, "pictures", shown=True) as advance:
        advance(1)
        advance(2)
    with training_bar(shown=True) as report:
        report("one", 0.5, 10.0, 0.25)
        report("one", 1.0, 10.0, 0.25)

    written = capsys.readouterr()
    assert written.out == ""
    assert "3 of 3 pictures" in written.err
    assert "\x1b" not in written.err
    assert "100.0% of the budget, 10.0 pictures/s, 25% waiting for data" in written.err


def test_a_bar_that_is_not_shown_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(3, "pictures", shown=False) as advance, training_bar(shown=False) as report:
        advance(3)
        report("one", 0.5, 10.0, 0.25)

    assert capsys.readouterr() == ("", "")
