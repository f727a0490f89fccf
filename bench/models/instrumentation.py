"""What a model does when it is called: its networks, convolutions and operations, recorded by hooks from outside."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["Convolution", "NetworkCall", "Observation", "graph_counts", "observe"]


@dataclass(frozen=True)
class NetworkCall:
    """A call of a module that no other module made.

    Attributes:
        network: the module.
        args: its arguments by position; tensors in the host's memory, so that keeping them takes none of the device's.
        device: where the first tensor among them lay.
    """

    network: nn.Module
    args: tuple[Any, ...]
    device: torch.device

    @classmethod
    def record(cls, network: nn.Module, args: tuple[Any, ...]) -> NetworkCall:
        """Record a call; its tensors are copied to the host's memory."""
        device = next((value.device for value in args if isinstance(value, torch.Tensor)), torch.device("cpu"))
        return cls(network, _placed(args, torch.device("cpu")), device)

    @property
    def placed_args(self) -> tuple[Any, ...]:
        """The arguments where the call had them."""
        return _placed(self.args, self.device)


@dataclass(frozen=True)
class Convolution:
    """A two-dimensional convolution at one shape.

    Attributes:
        inputs: [N, C, H, W] of its input.
        outputs: [N, C, H, W] of its result.
        kernel, stride, padding, dilation: rows and columns.
        groups: as in torch.
        transposed: whether it is an up-convolution.
        output_padding: of an up-convolution.
    """

    inputs: tuple[int, int, int, int]
    outputs: tuple[int, int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    transposed: bool
    output_padding: tuple[int, int] = (0, 0)

    @property
    def flops(self) -> int:
        """Two for every multiply-add, as torch's counter has it."""
        one = self.inputs if self.transposed else self.outputs
        other = self.outputs if self.transposed else self.inputs
        pixels = one[0] * one[2] * one[3]
        return 2 * pixels * one[1] * (other[1] // self.groups) * self.kernel[0] * self.kernel[1]

    @property
    def numbers(self) -> int:
        """Input, weights and result together."""
        weights = self.inputs[1] * self.outputs[1] // self.groups * self.kernel[0] * self.kernel[1]
        return _product(self.inputs) + _product(self.outputs) + weights


@dataclass(frozen=True)
class Observation:
    """What was observed of one call.

    Attributes:
        result: what the call returned.
        calls: the outermost modules that were called, in order.
        convolutions: how often each was done.
        flops: as torch counts them.
    """

    result: Any
    calls: tuple[NetworkCall, ...]
    convolutions: Counter[Convolution] = field(default_factory=Counter)
    flops: int = 0

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The outermost modules, each once."""
        return tuple({id(call.network): call.network for call in self.calls}.values())

    @property
    def parameters(self) -> int:
        """Numbers in the networks, shared ones once."""
        every = {id(parameter): parameter for network in self.networks for parameter in network.parameters()}
        return sum(parameter.numel() for parameter in every.values())


def observe(call: Callable[[], Any]) -> Observation:
    """Make a call and record every module and operation that takes part."""
    calls: list[NetworkCall] = []
    convolutions: Counter[Convolution] = Counter()
    with _hooks(calls, convolutions), FlopCounterMode(display=False) as counter:
        result = call()
    return Observation(result, tuple(calls), convolutions, counter.get_total_flops())


def graph_counts(calls: Sequence[NetworkCall]) -> tuple[int, int] | tuple[None, None]:
    """Graphs and graph breaks that torch's compiler makes of the networks, each of them once.

    (None, None) when it gives up on one of them, or one is called with arguments by name, which are not known here.
    """
    once = {id(call.network): call for call in reversed(calls)}.values()
    try:
        explained = [torch._dynamo.explain(call.network)(*call.placed_args) for call in once]
    except Exception:  # noqa: BLE001 (a compiler may raise anything)
        return None, None
    finally:
        torch._dynamo.reset()
    return sum(found.graph_count for found in explained), sum(found.graph_break_count for found in explained)


@contextlib.contextmanager
def _hooks(calls: list[NetworkCall], convolutions: Counter[Convolution]) -> Iterator[None]:
    depth = 0

    def enter(module: nn.Module, inputs: Any) -> None:  # noqa: ARG001 (torch's signature)
        nonlocal depth
        depth += 1

    def leave(module: nn.Module, args: Any, output: Any) -> None:
        nonlocal depth
        depth -= 1
        if depth == 0:
            calls.append(NetworkCall.record(module, args))
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and args and isinstance(output, torch.Tensor):
            convolutions[_convolution(module, args[0], output)] += 1

    handles = [
        register_module_forward_pre_hook(enter),
        register_module_forward_hook(leave, always_call=True),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _convolution(module: nn.Conv2d | nn.ConvTranspose2d, values: torch.Tensor, output: torch.Tensor) -> Convolution:
    padding = _same_padding(module) if isinstance(module.padding, str) else _pair(module.padding)
    return Convolution(
        _four(values),
        _four(output),
        _pair(module.kernel_size),
        _pair(module.stride),
        padding,
        _pair(module.dilation),
        module.groups,
        isinstance(module, nn.ConvTranspose2d),
        _pair(module.output_padding) if isinstance(module, nn.ConvTranspose2d) else (0, 0),
    )


def _same_padding(module: nn.Conv2d | nn.ConvTranspose2d) -> tuple[int, int]:
    if module.padding == "valid":
        return 0, 0
    first, second = (step * (size - 1) // 2 for step, size in zip(module.dilation, module.kernel_size, strict=True))
    return first, second


def _placed(args: tuple[Any, ...], device: torch.device) -> tuple[Any, ...]:
    return tuple(value.to(device) if isinstance(value, torch.Tensor) else value for value in args)


def _pair(values: tuple[int, ...]) -> tuple[int, int]:
    first, second = values
    return first, second


def _four(values: torch.Tensor) -> tuple[int, int, int, int]:
    n, channels, height, width = (1,) * (4 - values.ndim) + tuple(values.shape)
    return n, channels, height, width


def _product(numbers: tuple[int, ...]) -> int:
    total = 1
    for number in numbers:
        total *= number
    return total
