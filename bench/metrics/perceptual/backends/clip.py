"""CLIP's embeddings of pictures and texts: transformers' network, OpenAI's weights from files that were checked."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from bench.errors import DataError
from bench.metrics.arguments import check_picture
from bench.metrics.networks import Outputs, run_network
from bench.pictures import stack_pictures, unstack_pictures
from bench.runtime.single_threaded import map_single_threaded
from bench.weights import find

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["Clip", "clip_score_by_region", "score"]

_MEAN, _DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_END = 49407
SIZES: dict[str, Any] = {
    "projection_dim": 768,
    "text_config": {
        "vocab_size": 49408,
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "projection_dim": 768,
        "bos_token_id": _END - 1,
        "eos_token_id": _END,
        "pad_token_id": _END,
    },
    "vision_config": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "projection_dim": 768,
        "image_size": 224,
        "patch_size": 14,
    },
}
"""Of ViT-L/14, in transformers' words; what is not named is as in every CLIP."""


class Clip:
    """CLIP ViT-L/14 with its weights.

    Args:
        device: where it works.

    Raises:
        WeightsMissing: the weights are neither at hand nor can be downloaded.
        DataError: the weight file holds something else.
    """

    def __init__(self, device: str | torch.device = "cpu") -> None:
        from tokenizers import Tokenizer

        self.device = torch.device(device)
        self._model = _network(find("clip-vit-l-14")).to(self.device)
        self._tokenizer = Tokenizer.from_file(str(find("clip-tokenizer")))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._model.config.text_config.max_position_embeddings)
        self._side = int(self._model.config.vision_config.image_size)
        self._texts: dict[str, torch.Tensor] = {}
        self._mean, self._deviation = (
            torch.tensor(values, device=self.device).view(1, 3, 1, 1) for values in (_MEAN, _DEVIATION)
        )

    def of_pictures(self, pictures: torch.Tensor) -> torch.Tensor:
        """Unit-length embeddings, uint8 [N, 3, H, W] -> float64 [N, D]; raises DataError."""
        return _unit(run_network(self._of_pictures, check_picture("pictures", pictures), self.device)[0])

    def of_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit-length embeddings of N texts, float64 [N, D], each one taken once and alone."""
        missing = list(dict.fromkeys(text for text in texts if text not in self._texts))
        if missing and self.device.type == "cpu":
            self._texts |= zip(missing, map_single_threaded(self._of_text, missing), strict=True)
        elif missing:
            with torch.no_grad():
                self._texts |= {text: self._of_text(text) for text in missing}
        return _unit(torch.stack([self._texts[text] for text in texts]))

    def _of_pictures(self, pictures: torch.Tensor) -> Outputs:
        prepared = _middle_square(pictures, self._side).to(self.device).float() / 255
        seen = self._model.vision_model(pixel_values=(prepared - self._mean) / self._deviation)
        return (self._model.visual_projection(seen.pooler_output),)

    def _of_text(self, text: str) -> torch.Tensor:
        tokens = torch.tensor([self._tokenizer.encode(text).ids], device=self.device)
        read = self._model.text_model(input_ids=tokens, attention_mask=torch.ones_like(tokens))
        embedded: torch.Tensor = self._model.text_projection(read.pooler_output)[0]
        return embedded


def score(pictures: torch.Tensor, prompts: Sequence[str], device: str = "") -> torch.Tensor:
    """See `bench.metrics.clip_score`; `device` is where the network works, by default where the pictures are."""
    if len(prompts) != len(pictures):
        raise DataError("prompts", f"be one for each of {len(pictures)} pictures", str(len(prompts)), "Pair them.")
    values = torch.full((len(pictures),), math.nan, dtype=torch.float64, device=pictures.device)
    told = [row for row, text in enumerate(prompts) if text.strip()]
    if told:
        network = _loaded(device or str(pictures.device))
        cosines = (network.of_pictures(pictures[told]) * network.of_texts([prompts[row] for row in told])).sum(dim=1)
        values[told] = cosines.clamp(min=0).mul(100).to(values.device)
    return values


def clip_score_by_region(view: BatchView) -> dict[str, torch.Tensor]:
    """CLIP score of the composited picture in region full, float64 [N]; raises WeightsMissing."""
    prompts = view.prompts or ("",) * len(view.completed)
    return {"full": score(view.completed, prompts, view.network_device)}


@lru_cache(maxsize=2)
def _loaded(device: str) -> Clip:
    return Clip(device)


def _network(weights: Path) -> Any:
    """Transformers' CLIP, frozen, with exactly the weights of a file."""
    library: Any = import_module("transformers")

    with tempfile.TemporaryDirectory(prefix="spgbench-") as folder:
        library.CLIPConfig(**SIZES).save_pretrained(folder)
        (Path(folder) / "model.safetensors").symlink_to(weights.absolute())
        try:
            model, told = library.CLIPModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
        except Exception as error:  # of transformers and safetensors alike
            raise _other_weights(weights, f"{type(error).__name__}: {error}") from error
    if missing := sorted(told["missing_keys"]) + sorted(map(str, told["mismatched_keys"])):
        raise _other_weights(weights, f"none for {', '.join(missing[:3])}")
    return model.float().eval().requires_grad_(requires_grad=False)


def _other_weights(weights: Path, found: str) -> DataError:
    return DataError(f"weights {weights}", "hold those of CLIP ViT-L/14", found, "Delete the file and fetch it again.")


def _middle_square(pictures: torch.Tensor, side: int) -> torch.Tensor:
    """The shorter side made `side` by Pillow's bicubic filter, and the middle square of it: uint8 on the CPU."""
    height, width = pictures.shape[2:]
    short = min(height, width)
    size = (side * width // short, side * height // short)
    left, top = (round((long - side) / 2) for long in size)
    box = (left, top, left + side, top + side)
    rows = [Image.fromarray(row).resize(size, Image.Resampling.BICUBIC) for row in unstack_pictures(pictures)]
    return stack_pictures([np.asarray(row.crop(box)) for row in rows])


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    exact = vectors.double()
    unit: torch.Tensor = exact / exact.norm(dim=-1, keepdim=True)
    return unit
