"""The three networks as one model: label the visible part, complete the labels, complete the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from PIL import Image
from torch import Tensor, nn

from spgnet import stages, weights
from spgnet.arguments import check_values, hide
from spgnet.config import SPGNetConfig
from spgnet.labels import check_labels, check_probabilities, edit, wrong_labels, wrong_probabilities
from spgnet.networks import STRIDE, SGNet, SPNet
from spgnet.pictures import PictureSource, read_mask, read_picture
from spgnet.sampling import sample_labels
from spgnet.segmenter import Segmenter
from spgnet.stages import Execute, PipelineNetworks, directly

__all__ = ["Completion", "SPGNet"]


@dataclass(frozen=True)
class Completion:
    """The completion of a batch of incomplete pictures.

    Attributes:
        image: float32 [N, 3, H, W] in [0, 1], SG-Net's own output everywhere: known pixels are only near the input's.
        composite: the same in the hole, and exactly the input's pixels outside it.
        labels: uint8 [N, H, W] complete label map: the context labels where there are any, else the class of highest
            probability. None without guidance.
        probabilities: float32 [N, C, H, W] that SP-Net predicts. None without guidance.
    """

    image: Tensor
    composite: Tensor
    labels: Tensor | None
    probabilities: Tensor | None


class SPGNet(nn.Module):
    """SPG-Net (re-implementation of Song et al., BMVC 2018).

    In every method `image` is floating-point [N, 3, H, W] in [0, 1], `hole` bool [N, 1, H, W] with True = missing, both
    sides at least 16 and otherwise any, and `labels` integer [N, H, W] with VOID (255) where unknown. Hole pixels of
    `image` are never read. TypeError or ValueError says what is wrong with an argument.

    Args:
        config: sizes and class names; weights are drawn at random from torch's global generator.

    Attributes:
        segmenter, spnet, sgnet: the networks; the first two are None without guidance.
        execute: how the work on a batch is done; `accelerate` sets another way than the direct one.
    """

    def __init__(self, config: SPGNetConfig) -> None:
        super().__init__()
        self.config = config
        self.segmenter = Segmenter(config.segmenter) if config.guided else None
        self.spnet = SPNet(config.spnet) if config.guided else None
        self.sgnet = SGNet(config.sgnet)
        self.execute: Execute = directly
        self.eval()

    @classmethod
    def from_pretrained(cls, name: str | Path, device: str | torch.device = "cpu") -> Self:
        """Load weights by a shipped name or a path; raises ValueError for what `spgnet.weights` refuses."""
        state, header = weights.read(name, cls.__name__)
        with torch.random.fork_rng(devices=[]):  # loading draws nothing from the caller's random numbers
            model = cls(SPGNetConfig.from_dict(header.config))
        weights.load_state(model, state, f"weights {name}")
        return model.to(device)

    def save(self, path: str | Path, *, half: bool = False, base: str = "") -> None:
        """Write `path`.safetensors and `path`.json; `half` stores filters in float16, `base`: see `weights.save`."""
        weights.save(path, self.state_dict(), type(self).__name__, self.config.to_dict(), half=half, base=base)

    def complete(self, image: Tensor, hole: Tensor, labels: Tensor | None = None) -> Completion:
        """Fill the holes: labels of the visible part, then of the hole, then the picture.

        Args:
            image: see the class.
            hole: see the class.
            labels: of the visible part (those in the hole are not read); None asks the segmenter, the paper's way.
        """
        hidden = self._checked(image, hole, labels)
        picture, composite, known, guidance = self.execute(stages.complete, self._networks, hidden, hole, labels)
        return Completion(_given(picture), _given(composite), known, guidance)

    def fill(self, image: PictureSource, mask: PictureSource) -> Image.Image:
        """Fill the hole of one picture, of any size from 16 pixels a side.

        Args:
            image: a file, a picture of Pillow or a uint8 array [H, W, 3], as `spgnet.pictures.read_picture` takes it.
            mask: likewise, as large as the image and white (255, or True) in the hole.

        Returns:
            The filled picture in mode RGB; known pixels are those of `image`.

        Raises:
            TypeError, ValueError: what is wrong with an argument.
        """
        picture = read_picture(image)
        missing = torch.from_numpy(read_mask(mask, picture.shape[:2]).copy())
        pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)
        device = next(self.parameters()).device
        with torch.inference_mode():
            batch = pixels.unsqueeze(0).to(device).float().div(255)
            filled = self.complete(batch, missing[None, None].to(device)).composite[0].mul(255).round().byte().cpu()
        return Image.fromarray(torch.where(missing, filled, pixels).permute(1, 2, 0).contiguous().numpy())

    def visible_labels(self, image: Tensor, hole: Tensor) -> Tensor:
        """The segmenter's label map of the visible part: uint8 [N, H, W], VOID in the hole."""
        self._check_guided()
        (labels,) = self.execute(stages.label_visible, self._networks, self._checked(image, hole), hole)
        return _given(labels)

    def predict_labels(self, image: Tensor, hole: Tensor, labels: Tensor | None = None) -> Tensor:
        """SP-Net's class probabilities, float32 [N, C, H, W]; arguments as in `complete`."""
        self._check_guided()
        hidden = self._checked(image, hole, labels)
        probabilities, _ = self.execute(stages.predict_visible, self._networks, hidden, hole, labels)
        return _given(probabilities)

    def guide(self, image: Tensor, hole: Tensor, labels: Tensor) -> Tensor:
        """SG-Net's picture under given labels; these are used in the hole too: oracle labels, or edited ones.

        Args:
            image: see the class.
            hole: see the class.
            labels: integer [N, H, W], VOID where nothing is known, or float [N, C, H, W] class probabilities.

        Returns:
            float32 [N, 3, H, W] in [0, 1], known pixels not composited.
        """
        hidden = self._checked(image, hole, labels, probabilities=True)
        (picture,) = self.execute(stages.guide, self._networks, hidden, hole, labels)
        return _given(picture)

    def stages(
        self, image: Tensor, hole: Tensor, labels: Tensor | None = None, *, labels_in_hole: bool = False
    ) -> dict[str, Callable[[], Tensor]]:
        """The steps of `complete` (with `labels_in_hole` those of `guide`) by name, for whoever measures them.

        They are to be called in order, as often as wanted: `segmenter` gives the labels of the visible part, `SP-Net`
        class probabilities, `SG-Net` its picture, `compositing` the completed picture. Steps that are not needed are
        left out. The arguments are checked before the first step.

        Args:
            image: see the class.
            hole: see the class.
            labels: as in `complete` or `guide`.
            labels_in_hole: whether `labels` (then needed) are used in the hole too.
        """
        if labels_in_hole and labels is None:
            raise ValueError("labels must be given when they are used in the hole; found None. Pass a label map.")
        hidden, context, guidance = self._checked(image, hole, labels, probabilities=labels_in_hole), None, None
        if labels is not None and labels_in_hole:
            guidance = stages.as_guidance(self._networks, labels)
        elif labels is not None:
            context = stages.visible(labels, hole)
        return stages.timed_steps(self.execute, self._networks, hidden, hole, context=context, guidance=guidance)

    def sample(
        self, image: Tensor, hole: Tensor, k: int, seed: int | Sequence[int] = 0, labels: Tensor | None = None
    ) -> list[Completion]:
        """k completions whose label maps differ from one another in the hole.

        Args:
            image: see the class.
            hole: see the class.
            k: how many.
            seed: the same for every picture, or one each; a picture's samples do not depend on the rest of the batch.
            labels: as in `complete`.

        Returns:
            k completions of the batch; `probabilities` are SP-Net's, the same in each.
        """
        self._check_guided()
        hidden, networks = self._checked(image, hole, labels), self._networks
        probabilities, known = map(_given, self.execute(stages.predict_labels, networks, hidden, hole, labels))
        seeds = [seed] * len(image) if isinstance(seed, int) else list(seed)
        completions = []
        for drawn in sample_labels(probabilities, known, hole, k, seeds):
            painted = self.execute(stages.paint_drawn, networks, hidden, hole, drawn, probabilities)
            picture, composite = map(_given, painted)
            completions.append(Completion(picture, composite, drawn, probabilities))
        return completions

    def edit(self, labels: Tensor, mask: Tensor, class_name: str | int) -> Tensor:
        """A copy of the label map with `mask` (bool [H, W] or [N, H, W]) painted with a class, by name or index."""
        classes = self.config.classes
        if class_name not in classes and class_name not in range(len(classes)):
            raise ValueError(
                f"class must be one of {', '.join(classes)}, or an index below {len(classes)}; found {class_name!r}. "
                "Name a class that the model was trained on."
            )
        return edit(labels, mask, classes.index(class_name) if isinstance(class_name, str) else class_name)

    @property
    def _networks(self) -> PipelineNetworks:
        return PipelineNetworks(self.segmenter, self.spnet, self.sgnet, self.config.temperature)

    def _check_guided(self) -> None:
        if not self.config.guided:
            raise ValueError(
                "model must be guided for this; found one without label maps (config.guided is false). "
                "Call complete without labels, or load a guided model."
            )

    def _checked(
        self, image: Tensor, hole: Tensor, labels: Tensor | None = None, *, probabilities: bool = False
    ) -> Tensor:
        """The pictures without their holes, float32 [N, 3, H, W], after all checks; waits for the device once.

        Args:
            image: see the class.
            hole: see the class.
            labels: a label map, if any.
            probabilities: whether `labels` may be class probabilities too.
        """
        hidden, classes = hide(image, hole, STRIDE), len(self.config.classes)
        if labels is None:
            check_values(hidden, hole)
            return hidden
        size = (image.shape[0], image.shape[2], image.shape[3])
        floating = probabilities and labels.is_floating_point()
        fault = wrong_probabilities(labels) if floating else wrong_labels(labels, classes).any()
        (wrong,) = check_values(hidden, hole, fault)
        self._check_guided()
        if floating:
            check_probabilities(labels, classes, size, values=wrong)
        else:
            check_labels(labels, classes, size, values=wrong)
        return hidden


def _given(value: Tensor | None) -> Tensor:
    assert value is not None  # noqa: S101 (None stands for what an unguided model does not predict)
    return value
