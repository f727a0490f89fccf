"""Errors as answers: a status, and the four parts of the message with the sentence that the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.editor.sessions import QueueFull, SessionGone
from bench.errors import DataError, EnvironmentFailure, SpgbenchError, TooLarge, UsageError

__all__ = ["Refusal", "answer_to", "reading", "refuse"]


class Refusal(Exception):
    """An error with the status of its answer.

    Args:
        status: of HTTP.
        error: in words.
    """

    def __init__(self, status: int, error: SpgbenchError) -> None:
        super().__init__(status, error)
        self.status, self.error = status, error


def refuse(status: int, error: SpgbenchError) -> Refusal:
    """The error with a status of its own."""
    return Refusal(status, error)


@contextmanager
def reading(status: int) -> Iterator[None]:
    """Give a DataError this status, but for what is too large."""
    try:
        yield
    except TooLarge:
        raise
    except DataError as error:
        raise Refusal(status, error) from error


def answer_to(error: Exception) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer to a request that raised."""
    if isinstance(error, TooLarge):
        error = Refusal(413, error)
    if isinstance(error, Refusal):
        return error.status, _words(error.error)
    if isinstance(error, SessionGone):
        fix = "Load the page again; it keeps your work."
        return 410, _words(UsageError("session", "be known to the server", "one that is gone", fix))
    if isinstance(error, QueueFull):
        fix = "Wait some seconds and try again."
        return 429, _words(EnvironmentFailure("the server", "have room in its queue", "a full queue", fix))
    if not isinstance(error, SpgbenchError):
        error = EnvironmentFailure("the server", "do what was asked", type(error).__name__, "Its terminal says more.")
    return 422 if isinstance(error, UsageError) else 500, _words(error)


def _words(error: SpgbenchError) -> dict[str, Any]:
    parts = {"subject": error.subject, "must": error.must, "found": error.found, "fix": error.fix}
    return {"error": parts | {"text": str(error)}}
