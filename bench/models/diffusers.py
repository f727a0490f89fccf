"""Inpainting pipelines of the diffusers library: latent diffusion and its kin."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from bench.errors import ModelFailure, UsageError
from bench.fingerprint import fingerprint_files
from bench.models.adapter import ModelAdapter
from bench.models.io_spec import parse_io_spec
from bench.models.model_error import describe_error

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["load_diffusers"]

_ALLOWED = ("fill", "multiple", "size", "batch", "composite", "version")
_SETTINGS = ("steps", "guidance", "strength", "prompt")


def load_diffusers(
    name: str,
    *,
    device: str = "cpu",
    prompt: str = "",
    steps: int = 50,
    guidance: float | None = None,
    strength: float | None = None,
    **options: Any,
) -> ModelAdapter:
    """An inpainting pipeline as a model; every sample's noise is drawn on the CPU from its own seed.

    Weights are read from safetensors files alone, no code of the pipeline's folder is run, and a safety checker, which
    would blacken pictures, is left out.

    Args:
        name: a folder, or a name on the Hugging Face hub.
        device: torch device.
        prompt: what to say about pictures of which the data set says nothing; a text of its own goes first.
        steps: of denoising.
        guidance: classifier-free guidance scale; None for the pipeline's own.
        strength: how much noise the hole starts from, in (0, 1]; None for the pipeline's own.
        options: of `bench.models.io_spec.IOSpec`; `multiple` is that of the pipeline where none is given.

    Raises:
        UsageError: for an option that does not fit.
        ModelFailure: without diffusers, or for a name or folder that holds no inpainting pipeline.
    """
    if type(steps) is not int or steps < 1:
        raise UsageError("option 'steps' of model 'diffusers:'", "be a whole number of at least 1", repr(steps))
    parse_io_spec("diffusers:", options, _ALLOWED, _SETTINGS)
    folder, pipeline = _pipeline(name, device)
    io_spec = parse_io_spec("diffusers:", options, _ALLOWED, multiple=int(getattr(pipeline, "vae_scale_factor", 8)))
    asked = {"guidance_scale": guidance, "strength": strength}
    settings = {"num_inference_steps": steps, **{key: value for key, value in asked.items() if value is not None}}

    def call(
        image: Tensor,
        mask: Tensor,
        labels: Tensor | None,  # noqa: ARG001
        seeds: tuple[int, ...],
        prompts: tuple[str, ...],
    ) -> Tensor:
        filled: Tensor = pipeline(
            prompt=[own or str(prompt) for own in prompts],
            image=image,
            mask_image=mask.to(image),
            height=image.shape[-2],
            width=image.shape[-1],
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            output_type="pt",
            **settings,
        ).images
        return filled

    facts = {
        "diffusers": fingerprint_files(folder, [file for file in folder.rglob("*") if file.is_file()]),
        "pipeline": type(pipeline).__name__,
        "prompt": str(prompt),
        **{key: f"{value:g}" for key, value in settings.items()},
    }
    libraries = ("diffusers", "torch", "transformers")
    row = f"diffusers:{Path(name).name}"
    return ModelAdapter(
        row, call, io_spec, facts, sources=(__name__,), libraries=libraries, device=device, prompts="optional"
    )


def _pipeline(name: str, device: str) -> tuple[Path, Any]:
    """The folder that holds the pipeline, and the pipeline on its device."""
    try:
        diffusers: Any = importlib.import_module("diffusers")
        importlib.import_module("transformers")
    except ImportError as error:
        fix = 'Install them: pip install "spgbench[diffusers]".'
        raise ModelFailure(
            f"model diffusers:{name}", "have diffusers and transformers", "not both installed", fix
        ) from error
    try:
        folder = Path(name)
        if not folder.is_dir():
            folder = Path(diffusers.DiffusionPipeline.download(name, use_safetensors=True))
        pipeline = diffusers.AutoPipelineForInpainting.from_pretrained(
            str(folder), use_safetensors=True, low_cpu_mem_usage=False
        )
    except Exception as error:  # of hub, network, files and library alike
        fix = "Give a folder that save_pretrained wrote; pickled weights are not read, convert them to safetensors."
        raise ModelFailure(
            f"model diffusers:{name}", "be an inpainting pipeline", describe_error(error), fix
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    if getattr(pipeline, "safety_checker", None) is not None:
        pipeline.safety_checker = None
    return folder, pipeline.to(device)
