"""An error of a model in words: what it was, where in the model's own files it arose, and its last frames."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

__all__ = ["describe_error", "error_place", "error_traceback"]

_FRAMES = 8
_CHARACTERS = 4000


def describe_error(error: BaseException) -> str:
    """Type and last line of an error; libraries put long traces before that line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__


def error_place(error: BaseException, is_of_model: Callable[[str], bool]) -> str:
    """The innermost line of the model's own files that an error passed, such as `mine.py:3, in fill`, or empty.

    Args:
        is_of_model: whether a file belongs to the model, by its path.
    """
    if isinstance(error, SyntaxError) and error.filename and is_of_model(error.filename):
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_of_model(frame.filename)]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}, in {frames[-1].name}" if frames else ""


def error_traceback(error: BaseException, is_ours: Callable[[str], bool]) -> str:
    """The last frames of an error as Python prints them, without frames of ours at their beginning.

    Args:
        is_ours: whether a file is one that called the model, by its path.
    """
    trace = error.__traceback__
    while trace is not None and is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    lines = traceback.format_exception(type(error), error, trace, limit=-_FRAMES, chain=False)
    return "".join(lines).strip()[-_CHARACTERS:]
