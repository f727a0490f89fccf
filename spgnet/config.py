"""What a network looks like, as frozen dataclasses that travel as JSON beside the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["DiscriminatorConfig", "GeneratorConfig", "NetworkConfig", "SPGNetConfig", "SegmenterConfig", "Upsampling"]

Upsampling = Literal["transposed", "resize", "resize-bilinear"]
"""A transposed convolution, or a convolution after nearest or bilinear upsampling."""

Config = TypeVar("Config", bound="NetworkConfig")


class NetworkConfig:
    """Base of all configs, which are frozen dataclasses: checks of the field types, and plain JSON values and back."""

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            _check_type(f"{type(self).__name__}.{name}", getattr(self, name), hint)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` of them gives an equal config."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}  # type: ignore[call-overload]  # every subclass is a dataclass

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`. Raises ValueError for an unknown or a missing key, TypeError for a value's type."""
        return _build(cls, data)

    @classmethod
    def required_keys(cls) -> frozenset[str]:
        """Keys that `from_dict` refuses to do without: those of fields without a default."""
        return frozenset(item.name for item in fields(cls) if item.default is MISSING)  # type: ignore[arg-type]  # every subclass is a dataclass


@dataclass(frozen=True)
class GeneratorConfig(NetworkConfig):
    """SP-Net or SG-Net.

    Attributes:
        classes: number of classes C of the label maps.
        base_channels: channels after the first convolution; 8 times as many in the middle.
        blocks: residual blocks in the middle.
        norm: `batch` (statistics of the training set at inference) or `instance` (statistics of the picture itself).
        dilation: of the first convolution of every residual block; 1 = none.
        mask_channel: whether the hole itself is an input channel (1 = missing).
        upsampling: the four up-convolutions: `transposed`, as in the paper, or a 3x3 convolution after nearest
            upsampling (`resize`, which makes no lattice) or bilinear upsampling (`resize-bilinear`).
        skips: whether the up-convolutions, but for the first, are also given the features of their size from the way
            down, as in a U-Net. The paper's networks have no such connections: such a model is called `spgnet+`.
        dropout: in training, share of the channels of every residual block's change that are set to 0.
        downscale: 2 for a network that works on a picture of half the sides, and whose output is enlarged; 1 = none.
    """

    classes: int
    base_channels: int = 64
    blocks: int = 9
    norm: Literal["batch", "instance"] = "batch"
    dilation: int = 1
    mask_channel: bool = False
    upsampling: Upsampling = "transposed"
    skips: bool = False
    dropout: float = 0.0
    downscale: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_classes(self.classes)
        _check_positive(self, "base_channels", "blocks", "dilation", "downscale")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"GeneratorConfig.dropout must be in [0, 1); found {self.dropout}. Correct the config.")


@dataclass(frozen=True)
class DiscriminatorConfig(NetworkConfig):
    """A multi-scale PatchGAN discriminator; the defaults are those of pix2pixHD with three scales.

    Attributes:
        scales: discriminators, each on a picture half as large as the one before.
        layers: strided convolutions of each.
        base_channels: channels after the first convolution, doubled by every layer up to 512.
        norm: normalisation of all but the first and the last layer.
        spectral_norm: whether every convolution is divided by its spectral norm.
    """

    scales: int = 3
    layers: int = 3
    base_channels: int = 64
    norm: Literal["instance", "batch", "none"] = "instance"
    spectral_norm: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_positive(self, "scales", "layers", "base_channels")


@dataclass(frozen=True)
class SegmenterConfig(NetworkConfig):
    """DeepLabv3+ of segmentation-models-pytorch.

    Attributes:
        classes: number of classes C.
        encoder: encoder name of segmentation-models-pytorch, e.g. `mobilenet_v2` or `resnet50`.
        decoder_channels: channels of the atrous pyramid and the decoder.
        mask_channel: whether the hole itself is an input channel (1 = missing).
    """

    classes: int
    encoder: str = "mobilenet_v2"
    decoder_channels: int = 256
    mask_channel: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_classes(self.classes)
        _check_positive(self, "decoder_channels")


@dataclass(frozen=True)
class SPGNetConfig(NetworkConfig):
    """The whole system.

    Attributes:
        classes: names of the classes; a label map holds their indices.
        segmenter: the front end that labels the incomplete picture.
        spnet: completes the label map.
        sgnet: completes the picture under the label map.
        guided: False for the ablation: the same SG-Net without labels, and neither segmenter nor SP-Net.
        temperature: SP-Net's logits are divided by it; above 1 for a network that is too sure of its labels, as one is
            that saw few pictures.
    """

    classes: tuple[str, ...]
    segmenter: SegmenterConfig
    spnet: GeneratorConfig
    sgnet: GeneratorConfig
    guided: bool = field(default=True)
    temperature: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("segmenter", "spnet", "sgnet"):
            found = getattr(self, name).classes
            if found != len(self.classes):
                raise ValueError(
                    f"SPGNetConfig.{name}.classes must be {len(self.classes)}, one for each class name; found {found}. "
                    "Give all three networks the same number of classes."
                )
        if self.sgnet.downscale != 1:
            raise ValueError(
                f"SPGNetConfig.sgnet.downscale must be 1; found {self.sgnet.downscale}. Only SP-Net works on less."
            )
        if not 0 < self.temperature < math.inf:
            raise ValueError(
                f"SPGNetConfig.temperature must be above 0 and finite; found {self.temperature}. Correct the config."
            )

    @classmethod
    def paper(cls, classes: tuple[str, ...], *, guided: bool = True) -> Self:
        """64 base channels, no mask channel, no dilation: 48 million parameters a generator."""
        n = len(classes)
        generator = GeneratorConfig(n)
        return cls(classes, SegmenterConfig(n, encoder="resnet50"), generator, generator, guided)

    @classmethod
    def small(cls, classes: tuple[str, ...], *, guided: bool = True) -> Self:
        """16 base channels with a mask channel: 3 million parameters a network."""
        n = len(classes)
        generator = GeneratorConfig(n, base_channels=16, mask_channel=True)
        return cls(classes, SegmenterConfig(n, decoder_channels=128), generator, generator, guided)


def _build(cls: type[Config], data: Mapping[str, Any]) -> Config:
    if not isinstance(data, Mapping):
        raise TypeError(f"{cls.__name__} must be a JSON object; found {data!r}. Write its fields as keys.")
    known = [item.name for item in fields(cls)]  # type: ignore[arg-type]  # every config is a dataclass
    unknown, missing = sorted(set(data) - set(known)), sorted(cls.required_keys() - set(data))
    if unknown or missing:
        found = f"unknown {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
        raise ValueError(
            f"{cls.__name__} must have the keys {', '.join(known)}; found {found}. "
            "Use the package version that wrote it, or correct the key."
        )
    hints = get_type_hints(cls)
    return cls(**{name: _value(hints[name], value) for name, value in data.items()})


def _value(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, NetworkConfig):
        return _build(hint, value)
    return tuple(value) if isinstance(value, list) else value


def _check_type(name: str, value: Any, hint: Any) -> None:
    choices: tuple[Any, ...] = ()
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        right = value in choices
    elif get_origin(hint) is tuple:
        right = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    else:
        right = isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
    if not right:
        must = f"be one of {', '.join(choices)}" if choices else f"be {getattr(hint, '__name__', hint)}"
        raise TypeError(f"{name} must {must}; found {value!r}. Correct the config.")


def _check_positive(config: NetworkConfig, *names: str) -> None:
    for name in names:
        if getattr(config, name) < 1:
            raise ValueError(
                f"{type(config).__name__}.{name} must be at least 1; found {getattr(config, name)}. Correct the config."
            )


def _check_classes(classes: int) -> None:
    if not 1 <= classes <= 255:
        raise ValueError(
            f"classes must be 1 to 255, since 255 marks unknown labels; found {classes}. Merge classes into groups."
        )
