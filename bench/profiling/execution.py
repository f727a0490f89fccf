"""How a model is executed in a configuration: precision, memory format, compilation, and placement on the device.

This file imports nothing of the package, because the bench process of another version reads it by its path.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import importlib
import inspect
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from bench.records.profile import Configuration, Precision

__all__ = [
    "CATALOGUE",
    "DTYPES",
    "NotCapturable",
    "Prepared",
    "Subject",
    "autocast_context",
    "capture",
    "memory_format_of",
    "precision_context",
]

CATALOGUE = "bench.models:load"
"""The function that loads a model, given its name and a device, as `module:function`."""

DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
"""Storage type of the inputs of a convolution."""

_WARM_UP = 3
"""Calls before a capture: libraries choose their algorithms and allocate their workspaces then."""

_ROUNDING: dict[Precision, float] = {"fp32": 1e-3, "tf32": 5e-3, "bf16": 5e-2, "fp16": 1e-2}
"""How far a value of a replay's picture (0 to 1) may lie from that of a plain call."""

_FAR_SHARE = 0.001
"""Share of the values that may lie further off: where two classes tie, rounding decides the label of a pixel."""

_TORCH = Path(torch.__file__).parent


class NotCapturable(Exception):
    """A call that cannot be replayed as a CUDA graph; the message says why."""


@contextlib.contextmanager
def precision_context(precision: Precision, device: str, *, autocast: bool = True) -> Iterator[None]:
    """Compute in `precision` inside, without gradients: float32 products in full or as TF32, bf16 and fp16 by autocast.

    Args:
        precision: of the computation.
        device: torch device.
        autocast: False leaves dtypes to the caller, who passes tensors of the right dtype.
    """
    products, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    # Not by `fp32_precision`: after that torch raises wherever the older switches are read, as its compiler does.
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    try:
        enabled = autocast and precision in ("bf16", "fp16")
        with torch.no_grad(), torch.autocast(torch.device(device).type, DTYPES[precision], enabled=enabled):
            yield
    finally:
        torch.set_float32_matmul_precision(products)
        torch.backends.cudnn.allow_tf32 = convolutions


def autocast_context(precision: Precision, device: str) -> contextlib.AbstractContextManager[object]:
    """Autocast for bf16 and fp16, else nothing: the context is entered within every timed call."""
    if precision in ("bf16", "fp16"):
        return torch.autocast(torch.device(device).type, DTYPES[precision])
    return contextlib.nullcontext()


def capture(call: Callable[[], Any], device: str) -> tuple[Callable[[], None], Any]:
    """Capture a call as one CUDA graph; a capture that fails is ended, so that the stream can be used again.

    Args:
        call: all of its work is on `device`; its inputs must stay where they are in memory.
        device: CUDA device.

    Returns:
        The replay, and the result of the call, whose tensors every replay fills anew.

    Raises:
        NotCapturable: the call raised an error, synchronised, or read a value; the message names the line.
        torch.OutOfMemoryError: there is too little memory.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.device(device):
        stream = _stream(device)
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                call()
            torch.cuda.synchronize()
            gc.collect()  # a tensor that is freed within a capture may break it
            torch.cuda.empty_cache()
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                result = call()
            except Exception as error:
                with contextlib.suppress(RuntimeError):
                    graph.capture_end()
                if isinstance(error, torch.OutOfMemoryError):
                    raise
                raise NotCapturable(_refusal(error)) from error
            try:
                graph.capture_end()
            except RuntimeError as error:
                raise NotCapturable(_refusal(error)) from error
        torch.cuda.current_stream().wait_stream(stream)
    return graph.replay, result


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A model that is ready for a setting and a shape; a call is its work on the batch that it was prepared for.

    Attributes:
        call: does that work.
        fill: does the same work on another batch of the shape, which is placed already; a graph copies it into its own
            memory first, and gives one result, whose tensors hold the last call's.
    """

    call: Callable[[], Any]
    fill: Callable[[Any], Any]

    def __call__(self) -> Any:
        """The prediction."""
        return self.call()


class Subject:
    """A model that is made ready for one setting after another; the batches are Batches of any version of the package.

    Args:
        name: of the model.
        device: torch device.
        load: the function that loads it, as `module:function`.
        capture: captures a call, as the function `capture` does.

    Attributes:
        model: an Inpainter.
        broken: whether a capture failed: the process must not go on to measure.
        networks: the torch modules that the model calls. Whoever observes a call sets them; until then they are empty
            and nothing is converted, compiled or moved.
    """

    broken = False

    def __init__(
        self,
        name: str,
        device: str,
        load: str = CATALOGUE,
        capture: Callable[[Callable[[], Any], str], tuple[Callable[[], None], Any]] = capture,
    ) -> None:
        module, _, function = load.partition(":")
        self.device, self._capture = device, capture
        loader = getattr(importlib.import_module(module), function)
        # This process holds no other model: code of others runs in it, where its networks can be timed and compiled.
        options = {"isolated": False} if "isolated" in inspect.signature(loader).parameters else {}
        self.model: Any = loader(name, device, **options)
        self.networks: tuple[nn.Module, ...] = ()

    def reset(self) -> bool:
        """Bring the networks back to eager execution and the contiguous format; returns whether any was compiled."""
        compiled = any(network._compiled_call_impl is not None for network in self.networks)
        if compiled:
            torch.compiler.reset()
            for network in self.networks:
                network._compiled_call_impl = None
        self._convert(torch.contiguous_format)
        return compiled

    def place(self, batch: Any, memory_format: torch.memory_format = torch.contiguous_format) -> Any:
        """The batch on the device of the networks; a model without networks gets it in host memory."""
        if not self.networks:
            return batch
        labels = None if batch.labels is None else batch.labels.to(self.device)
        image = batch.image.to(self.device).contiguous(memory_format=memory_format)
        return dataclasses.replace(batch, image=image, hole=batch.hole.to(self.device), labels=labels)

    def prepare(self, setting: Configuration, batch: Any) -> Prepared:
        """Make the model ready for a setting, after `reset`.

        Returns:
            The call to be timed: the model on this batch, which is on the device already. It is to be made inside
            `precision_context(setting.precision, device, autocast=False)`, so that its time does not include switching
            the precision of float32. In mode `cuda-graphs` it is the replay of one graph of the whole call.

        Raises:
            NotCapturable: in mode `cuda-graphs`, where the call cannot be captured or its replay is not the same.
        """
        memory_format = memory_format_of(setting)
        self._convert(memory_format)
        if setting.mode == "compile":
            for network in self.networks:
                network.compile(dynamic=False, backend="inductor")
        placed = self.place(batch, memory_format)
        if setting.mode == "cuda-graphs":
            with precision_context(setting.precision, self.device, autocast=False):
                return self._replay(setting, placed)
        return Prepared(self._call(setting, placed), lambda other: self._call(setting, other)())

    def stages(self, setting: Configuration, batch: Any) -> dict[str, Callable[[], Any]]:
        """The parts of the call that `prepare` returned, to be called in order.

        Empty for a model without stages, and in mode `cuda-graphs`, where the call is one graph.
        """
        if not hasattr(self.model, "stages") or setting.mode == "cuda-graphs":
            return {}
        stages = self.model.stages(self.place(batch, memory_format_of(setting)))
        return {name: self._within(setting, stage) for name, stage in stages.items()}

    def _call(self, setting: Configuration, placed: Any) -> Callable[[], Any]:
        return self._within(setting, lambda: self.model.inpaint(placed))

    def _within(self, setting: Configuration, work: Callable[[], Any]) -> Callable[[], Any]:
        def call() -> Any:
            with autocast_context(setting.precision, self.device):
                return work()

        return call

    def _replay(self, setting: Configuration, placed: Any) -> Prepared:
        """The call as a graph, after its replay gave what plain calls give on another batch."""
        static, other = _copied(placed), _another(placed)
        expected, again = (self._call(setting, _copied(other))().image.clone() for _ in range(2))
        _check_same(again, expected, setting, "two plain calls on one batch differ")
        try:
            replay, result = self._capture(self._call(setting, static), self.device)
        except (NotCapturable, torch.OutOfMemoryError):
            self.broken = True
            raise

        def call() -> Any:
            replay()
            return result

        def fill(batch: Any) -> Any:
            _fill(static, batch)
            return call()

        _check_same(fill(other).image, expected, setting, "on another batch the replay differs from a plain call")
        _fill(static, placed)
        return Prepared(call, fill)

    def _convert(self, memory_format: torch.memory_format) -> None:
        for network in self.networks:
            network.to(memory_format=memory_format)


def memory_format_of(setting: Configuration) -> torch.memory_format:
    """The memory format as torch names it."""
    return torch.channels_last if setting.memory_format == "channels-last" else torch.contiguous_format


@functools.cache
def _stream(device: str) -> torch.cuda.Stream:
    """One for all captures: each stream keeps a workspace of cuBLAS for good, which would count as a model's memory."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # of torch


def _copied(batch: Any) -> Any:
    """The batch in memory of its own."""
    labels = None if batch.labels is None else batch.labels.clone()
    return dataclasses.replace(batch, image=batch.image.clone(), hole=batch.hole.clone(), labels=labels)


def _another(batch: Any) -> Any:
    """A valid batch of the same shape with other pictures, holes, labels and seeds: this one, shifted in its plane."""
    other = dataclasses.replace(_copied(batch), seeds=tuple(seed + 1 for seed in batch.seeds))
    height, width = batch.image.shape[-2:]
    for tensor in filter(lambda found: found is not None, (other.image, other.hole, other.labels)):
        tensor.copy_(tensor.roll((height // 4, width // 4), (-2, -1)))
    return other


def _fill(static: Any, batch: Any) -> None:
    """Copy a batch into the memory that a graph reads."""
    static.image.copy_(batch.image)
    static.hole.copy_(batch.hole)
    if static.labels is not None:
        static.labels.copy_(batch.labels)


def _check_same(found: torch.Tensor, expected: torch.Tensor, setting: Configuration, what: str) -> None:
    difference = (found.float() - expected.float()).abs()
    far = float((~(difference <= _ROUNDING[setting.precision])).float().mean())  # NaN is far
    if far > _FAR_SHARE:
        largest = float(difference.max())
        raise NotCapturable(f"{what}: by up to {largest:.2g}, in {100 * far:.1f} % of the values")


def _refusal(error: BaseException) -> str:
    """The error in a line, and the last line of code outside torch and this file that led to it."""
    text = str(error).strip().splitlines()
    told = f"{type(error).__name__}: {text[0] if text else ''}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and not Path(frame.filename).is_relative_to(_TORCH)
    ]
    if not frames:
        return told
    last = frames[-1]
    file = "/".join(Path(last.filename).parts[-2:])
    return f"{told}, at {file}:{last.lineno} `{last.line}`"
