"""Semantic segmenters of Hugging Face's transformers as judges."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from bench.errors import UsageError
from bench.fingerprint import fingerprint_code
from bench.segmentation.hashing import hash_weights
from bench.segmentation.judging import NetworkJudge

__all__ = ["transformers_judge"]


def transformers_judge(name: str, *, device: str = "cpu") -> NetworkJudge:
    """A segmenter with its own preparation of pictures, from a folder or by its name on the hub.

    Args:
        name: folder that `save_pretrained` wrote, with the image processor's file in it, or `owner/model`.
        device: torch device.

    Raises:
        UsageError: transformers is not installed, there is no such judge, it is no semantic segmenter, or some of its
            weights are missing.
    """
    try:
        from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation
    except ImportError as error:
        fix = 'Install it: pip install "spgbench[hf]".'
        raise UsageError(f"judge 'hf:{name}'", "have transformers", "not installed", fix) from error
    fix = "Give a folder with model and image processor, or a name for which the hub can be reached."
    try:
        processor = AutoImageProcessor.from_pretrained(name)  # type: ignore[no-untyped-call]  # theirs
        model, info = AutoModelForSemanticSegmentation.from_pretrained(name, output_loading_info=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UsageError(f"judge 'hf:{name}'", "be a semantic segmenter", str(error)[:300], fix) from error
    if info["missing_keys"] or info["mismatched_keys"]:
        found = f"none for {', '.join(sorted(map(str, [*info['missing_keys'], *info['mismatched_keys']]))[:3])}"
        raise UsageError(f"judge 'hf:{name}'", "have weights for all its layers", found, "Take a fine-tuned one.")
    model = model.eval().to(device)
    options = {
        "weights": hash_weights(model),
        "config": model.config.to_json_string(),
        "processor": processor.to_json_string(),
    }
    libraries = ("torch", "torchvision", "transformers")
    fingerprint = fingerprint_code(("bench.segmentation.judging", __name__), libraries, options)

    def label(image: Tensor) -> Tensor:
        inputs = processor(images=image, do_rescale=False, return_tensors="pt")
        outputs = model(**inputs.to(image.device))
        return torch.stack(processor.post_process_semantic_segmentation(outputs, [tuple(image.shape[2:])]))

    classes = tuple(model.config.id2label[index] for index in range(model.config.num_labels))
    title = Path(name).name if Path(name).is_dir() else name
    return NetworkJudge(f"hf:{title}", fingerprint, classes, label, device)
