from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import bench
import bench.data
from bench.errors import DataError, WeightsMissing
from bench.metrics import clip_score, measure
from bench.metrics.perceptual.backends import clip
from bench.metrics.view import BatchView
from bench.weights import weight_file
from bench.weights.catalogue import FILES
from tests.metrics.conftest import MakePair

LAYERS = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
WORDS = ("a", "street", "house", "dog", "lawn", "on")
END = len(WORDS) + 1
SMALL: dict[str, Any] = {
    "projection_dim": 24,
    "text_config": {**LAYERS, "projection_dim": 24, "vocab_size": END + 1, "max_position_embeddings": 6}
    | {"bos_token_id": END - 1, "eos_token_id": END, "pad_token_id": END},
    "vision_config": {**LAYERS, "projection_dim": 24, "image_size": 28, "patch_size": 14},
}


def write_tokenizer(path: Path) -> None:
    """Whole words, between a start and an end as CLIP's."""
    tokenizers = import_module("tokenizers")
    vocabulary = {word: number for number, word in enumerate((*WORDS, "<start>", "<end>"))}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "a"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    model.post_processor = tokenizers.processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", END - 1), ("<end>", END)]
    )
    model.save(str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small network with random weights under the names of the published files, and its tokenizer."""
    transformers, saved = import_module("transformers"), tmp_path_factory.mktemp("clip")
    torch.manual_seed(10)
    network = transformers.CLIPModel(transformers.CLIPConfig(**SMALL))
    with torch.no_grad():
        for tensor in network.parameters():
            tensor.normal_(0, 0.3)
    network.save_pretrained(saved)
    write_tokenizer(saved / "tokenizer.json")
    with pytest.MonkeyPatch.context() as patch:
        for name, file in (("clip-vit-l-14", "model.safetensors"), ("clip-tokenizer", "tokenizer.json")):
            content = (saved / file).read_bytes()
            entry = replace(weight_file(name), file=file, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
            patch.setitem(FILES, name, entry)
        patch.setenv("SPGBENCH_WEIGHTS", str(saved))
        patch.setattr(clip, "SIZES", SMALL)
        clip._loaded.cache_clear()
        yield saved
    clip._loaded.cache_clear()


class Processor:
    """Prepares pictures as OpenAI's code does, for torchmetrics."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))

    def __call__(self, text: list[str] | None = None, images: Any = None, **_: object) -> dict[str, torch.Tensor]:
        if text is not None:
            tokens = torch.tensor([self.tokenizer.encode(one).ids for one in text])
            return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        mean, deviation = (
            torch.tensor(one).view(3, 1, 1)
            for one in ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
        )
        (picture,) = images
        shown = Image.fromarray(picture.permute(1, 2, 0).numpy()).resize((35, 28), Image.Resampling.BICUBIC)
        middle = torch.from_numpy(np.array(shown)[:, 4:32].transpose(2, 0, 1)) / 255
        return {"pixel_values": ((middle - mean) / deviation)[None]}


class Embeddings:
    """What torchmetrics asks of a network, whatever the version of transformers wraps its answers in."""

    def __init__(self, network: Any) -> None:
        self.config, self.network = network.config, network

    def to(self, _: object) -> Embeddings:
        return self

    def get_image_features(self, pixels: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.network.visual_projection(self.network.vision_model(pixels).pooler_output)
        return found

    def get_text_features(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.network.text_projection(self.network.text_model(tokens, mask).pooler_output)
        return found


def test_scores_are_those_of_torchmetrics(folder: Path, pair: MakePair) -> None:
    theirs = import_module("torchmetrics.functional.multimodal").clip_score
    network = import_module("transformers").CLIPModel.from_pretrained(folder).eval()
    pictures, texts = pair(3, 40, 50)[0], ["a street", "house", "a dog on"]

    found = clip_score(pictures, texts)

    with torch.no_grad():
        expected = [
            float(theirs(picture, text, lambda: (Embeddings(network), Processor(folder))))
            for picture, text in zip(pictures, texts, strict=True)
        ]
    assert found.dtype == torch.float64
    assert found.tolist() == pytest.approx(expected, abs=1e-4)
    assert max(expected) > 1
    assert torch.equal(clip_score(pictures[1:2], texts[1:2]), found[1:2])
    assert torch.equal(clip_score(pictures.flip(0), texts[::-1]), found.flip(0))


@pytest.mark.usefixtures("folder")
def test_long_texts_end_and_empty_ones_are_undefined(pair: MakePair) -> None:
    pictures, _ = pair(3, 30, 30)

    found = clip_score(pictures[:1].expand(3, -1, -1, -1), ["a dog on a lawn", "a dog on a house dog", " "])

    assert found[0] == found[1]
    assert torch.isnan(found[2])
    with pytest.raises(DataError, match="prompts must be one for each of 3 pictures; found 1"):
        clip_score(pictures, ["a dog"])


@pytest.mark.usefixtures("folder")
def test_a_batch_without_texts_is_undefined(pair: MakePair) -> None:
    reference, completed = pair(2, 30, 30)
    hole = torch.ones(2, 1, 30, 30, dtype=torch.bool)

    bare = measure(BatchView(reference, completed, completed, hole), ["clip-score"])
    told = measure(BatchView(reference, completed, completed, hole, prompts=("a dog", "a house")), ["clip-score"])

    assert torch.isnan(bare["clip-score.full"]).all()
    assert torch.equal(told["clip-score.full"], clip_score(completed, ["a dog", "a house"]))


def test_texts_of_a_data_set_reach_the_score(folder: Path, tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    assert folder
    root = picture_folder(3)
    options: dict[str, Any] = {"protocols": ["center-50"], "metrics": ["clip-score", "psnr"]}

    def run(out: str) -> Any:
        dataset = bench.data.load("folder", size=(48, 48), root=root)
        return bench.evaluate(["mean"], dataset, out=tmp_path / out, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.evaluation.measurement.find_set", lambda name: pytest.fail(f"{name} was fetched"))
        without = run("without")
    texts = {"p000": "a dog", "p001": "a house", "p002": "a street"}
    (root / "prompts.json").write_text(json.dumps(texts), encoding="utf-8")
    (told,) = run("told").cells.values()

    (cell,) = without.cells.values()
    assert "clip-score.full" not in cell.metrics
    assert "the data set folder has no texts (prompts.json)" in str(without.info)
    assert 0 <= told.metrics["clip-score.full"].value <= 100
    assert told.metrics["clip-score.full"].n == 3


def test_changed_weights_are_not_used(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pair: MakePair
) -> None:
    monkeypatch.setenv("SPGBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4] + b"0000")
    clip._loaded.cache_clear()

    with pytest.raises(WeightsMissing, match="which is not used"):
        clip_score(pair(1, 30, 30)[0], ["a dog"])


@pytest.mark.usefixtures("folder")
def test_a_network_that_lacks_weights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deeper = {**SMALL, "text_config": {**SMALL["text_config"], "num_hidden_layers": 3}}
    monkeypatch.setattr(clip, "SIZES", deeper)

    with pytest.raises(DataError, match=r"must hold those of CLIP ViT-L/14; found none for text_model"):
        clip.Clip()
