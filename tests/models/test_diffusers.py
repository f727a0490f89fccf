from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

import bench.models
from bench.errors import ModelFailure, UsageError
from bench.vocabulary import Batch
from tests.models.contract import make_batch
from tests.models.foreign_files import write_pipeline


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pipeline(tmp_path_factory.mktemp("diffusers") / "toy")


def test_every_sample_has_its_own_noise(pipeline: Path) -> None:
    batch = make_batch(2)
    model = bench.models.load(f"diffusers:{pipeline}?steps=2")

    image = model.inpaint(batch).image
    swapped = Batch(batch.image, batch.hole, None, batch.ids, tuple(reversed(batch.seeds)))

    assert image.shape == batch.image.shape
    assert torch.equal(model.inpaint(batch).image, image)
    assert not torch.equal(model.inpaint(swapped).image, image)
    assert model.name == "diffusers:pipeline?steps=2"


def test_options_reach_the_pipeline_and_the_fingerprint(pipeline: Path) -> None:
    batch = make_batch(1)
    options = (
        "steps=2",
        "steps=3",
        "steps=2&prompt=a street",
        "steps=2&prompt=a street&guidance=1",
        "steps=2&strength=0.5",
    )

    models = [bench.models.load(f"diffusers:{pipeline}?{text}") for text in options]

    assert len({model.fingerprint for model in models}) == len(options)
    images = [model.inpaint(batch).image for model in models]
    assert not any(torch.equal(images[0], image) for image in images[1:])
    assert "prompt:a street|num_inference_steps:2" in getattr(models[2], "signature", "")


def test_texts_of_pictures_go_before_the_one_for_all(pipeline: Path) -> None:
    batch = make_batch(2)
    silent, speaking = (bench.models.load(f"diffusers:{pipeline}?steps=2{text}") for text in ("", "&prompt=a street"))

    own = silent.inpaint(dataclasses.replace(batch, prompts=("a street", "a house"))).image
    mixed = speaking.inpaint(dataclasses.replace(batch, prompts=("", "a house"))).image
    alone = silent.inpaint(batch).image

    assert torch.equal(own, mixed)
    assert not any(torch.equal(a, b) for a, b in zip(own, alone, strict=True))


def test_changed_weights_are_another_model(pipeline: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(pipeline, tmp_path / "pipeline")
    config = changed / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "beta_end": 0.03}))

    prints = [bench.models.load(f"diffusers:{folder}?steps=2").fingerprint for folder in (pipeline, changed)]

    assert prints[0] != prints[1]


def test_pickled_weights_are_not_read(pipeline: Path, tmp_path: Path) -> None:
    pickled = shutil.copytree(pipeline, tmp_path / "pipeline")
    (pickled / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({"a": torch.ones(1)}, pickled / "unet" / "diffusion_pytorch_model.bin")

    with pytest.raises(ModelFailure, match=r"be an inpainting pipeline.*convert them to safetensors"):
        bench.models.load(f"diffusers:{pickled}")


def test_a_folder_without_a_pipeline_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelFailure, match="be an inpainting pipeline"):
        bench.models.load(f"diffusers:{tmp_path}")


@pytest.mark.parametrize("options", ["steps=0", "steps=many", "range=0-255", "prompts=x"])
def test_options_that_cannot_be(options: str, pipeline: Path) -> None:
    with pytest.raises(UsageError, match="option"):
        bench.models.load(f"diffusers:{pipeline}?{options}")


def test_without_diffusers_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)

    with pytest.raises(ModelFailure, match=r'pip install "spgbench\[diffusers\]"'):
        bench.models.load(f"diffusers:{tmp_path}")
