"""Models of others made ready to be called, in a process of their own or, to be timed, in this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from bench.models.adapter import ModelCall, PromptedCall

__all__ = ["ForeignCall", "foreign_call", "parse_timeout"]


@dataclass(frozen=True)
class ForeignCall:
    """What a `ModelAdapter` needs of a model of others.

    Attributes:
        call: the model; it may be given texts.
        facts: what its outputs depend on, by name.
        device: where the tensors lie that it is called with.
        seeding, cuts_batches: as of `ModelAdapter`.
    """

    call: ModelCall | PromptedCall
    facts: Mapping[str, str]
    device: str
    seeding: Callable[[int], AbstractContextManager[None]] | None = None
    cuts_batches: bool = False


def foreign_call(
    subject: str, kind: str, arguments: Mapping[str, Any], seconds: float, step: int, *, isolated: bool
) -> ForeignCall:
    """Load a model of others.

    Args:
        subject: the model, for messages.
        kind: `python` or `torchscript`.
        arguments: of the loader of this kind.
        seconds: how long a picture may take.
        step: how many pictures it is given at once.
        isolated: whether it runs in a process of its own; only a process that holds no other model may say no.
    """
    if isolated:
        from bench.models.isolation.client import IsolatedModel

        model = IsolatedModel(subject, kind, arguments, seconds, step)
        return ForeignCall(model, model.facts, "cpu", model.seeding, cuts_batches=True)
    return _call_here(kind, arguments)


def _call_here(kind: str, arguments: Mapping[str, Any]) -> ForeignCall:
    from bench.models.isolation.python_file import load_function
    from bench.models.isolation.torchscript_file import load_script

    loaded = load_function(**arguments, as_main=False) if kind == "python" else load_script(**arguments)

    def call(
        image: Tensor,
        mask: Tensor,
        labels: Tensor | None,
        seeds: tuple[int, ...],  # noqa: ARG001 (the adapter seeds)
        prompts: tuple[str, ...] = (),
    ) -> Tensor:
        filled: Any = loaded.call(image, mask, labels, prompts)  # the adapter looks at what it is
        picture: Tensor = filled
        return picture

    return ForeignCall(call, loaded.facts, loaded.device)


def parse_timeout(subject: str, timeout: object) -> float:
    """Seconds a picture; raises UsageError for what is no number above 0."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        raise UsageError(f"option 'timeout' of model '{subject}'", "be above 0 seconds", repr(timeout))
    return float(timeout)
