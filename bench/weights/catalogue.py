"""The weight files that metrics and losses know by name, and the sets of them that one network needs.

The hexadecimal part of torchvision's and torch-fidelity's file names is the beginning of the file's SHA-256; the hashes
here agree with it, and with what several projects print of their downloads. Those of LPIPS's heads and of DISTS are of
the files in the packages `lpips` and `torchmetrics`; those of DINOv2 and CLIP are what several projects check
their downloads by.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.errors import UnknownName

__all__ = ["FILES", "WEIGHT_SETS", "WeightFile", "WeightSet", "weight_file", "weight_set"]

_TORCHVISION = "BSD-3-Clause (torchvision), trained on ImageNet"
_LPIPS = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1"
_CLIP = "https://huggingface.co/openai/clip-vit-large-patch14/resolve/32bd64288804d66eefd0ccbe215aa642df71cc41"


@dataclass(frozen=True)
class WeightFile:
    """One published file.

    Attributes:
        name: how code asks for it.
        file: its name on disk, the same in every folder.
        url: where the project that made it publishes it.
        sha256: hash of the whole file, hexadecimal.
        size: bytes.
        licence: licence of the file, and what it was trained on where that matters.
        packaged: package and path under which an installed package brings it, e.g. `"lpips/weights/v0.1/alex.pth"`.
    """

    name: str
    file: str
    url: str
    sha256: str
    size: int
    licence: str
    packaged: str = ""


@dataclass(frozen=True)
class WeightSet:
    """All files that one network needs, under the name that `spgbench fetch weights` takes.

    Attributes:
        name: e.g. `lpips-alex`.
        summary: one line for listings.
        files: names of the files.
    """

    name: str
    summary: str
    files: tuple[str, ...]


def _torchvision(name: str, file: str, sha256: str, size: int) -> WeightFile:
    return WeightFile(name, file, f"https://download.pytorch.org/models/{file}", sha256, size, _TORCHVISION)


def _lpips_head(net: str, sha256: str, size: int) -> WeightFile:
    packaged = f"lpips/weights/v0.1/{net}.pth"
    return WeightFile(
        f"lpips-{net}-head", f"lpips-v0.1-{net}.pth", f"{_LPIPS}/{net}.pth", sha256, size, "BSD-2-Clause", packaged
    )


FILES = {
    file.name: file
    for file in (
        _torchvision(
            "alexnet",
            "alexnet-owt-7be5be79.pth",
            "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            244_408_911,
        ),
        _torchvision(
            "vgg16",
            "vgg16-397923af.pth",
            "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            553_433_881,
        ),
        _torchvision(
            "vgg19",
            "vgg19-dcbb9e9d.pth",
            "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            574_673_361,
        ),
        _torchvision(
            "squeezenet",
            "squeezenet1_1-b8a52dc0.pth",
            "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
            4_958_839,
        ),
        _lpips_head("alex", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0", 6_009),
        _lpips_head("vgg", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868", 7_289),
        _lpips_head("squeeze", "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76", 10_811),
        WeightFile(
            "inception",
            "weights-inception-2015-12-05-6726825d.pth",
            "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
            "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
            95_628_359,
            "Apache-2.0 (TensorFlow models), trained on ImageNet",
        ),
        WeightFile(
            "dists-weights",
            "dists-f5e65c96.pt",
            "https://github.com/Lightning-AI/torchmetrics/raw/v1.9.0/src/torchmetrics/functional/image/dists_models/weights.pt",
            "f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
            12_288,
            "MIT (DISTS)",
            packaged="torchmetrics/functional/image/dists_models/weights.pt",
        ),
        WeightFile(
            "dinov2-vit-l-14",
            "dinov2_vitl14_pretrain-d5383ea8.pth",
            "https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
            "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
            1_217_586_395,
            "Apache-2.0",
        ),
        WeightFile(
            "clip-vit-l-14",
            "clip-vit-large-patch14-a2bf730a.safetensors",
            f"{_CLIP}/model.safetensors",
            "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb",
            1_710_540_580,
            "MIT (OpenAI CLIP)",
        ),
        WeightFile(
            "clip-tokenizer",
            "clip-tokenizer-a83e0809.json",
            f"{_CLIP}/tokenizer.json",
            "a83e0809aa4c3af7208b2df632a7a69668c6d48775b3c3fe4e1b1199d1f8b8f4",
            2_224_003,
            "MIT (OpenAI CLIP)",
        ),
    )
}
"""The files by name."""

WEIGHT_SETS = {
    weights.name: weights
    for weights in (
        WeightSet("lpips-alex", "LPIPS v0.1 on AlexNet, the usual distance", ("alexnet", "lpips-alex-head")),
        WeightSet("lpips-vgg", "LPIPS v0.1 on VGG-16, as LaMa reports it", ("vgg16", "lpips-vgg-head")),
        WeightSet("lpips-squeeze", "LPIPS v0.1 on SqueezeNet 1.1", ("squeezenet", "lpips-squeeze-head")),
        WeightSet("inception", "Inception of FID, KID and IDS (TensorFlow, 2015-12-05)", ("inception",)),
        WeightSet("dists", "DISTS: VGG-16 and the weights of its maps", ("vgg16", "dists-weights")),
        WeightSet("dinov2", "DINOv2 ViT-L/14 of FD-DINOv2", ("dinov2-vit-l-14",)),
        WeightSet("clip", "CLIP ViT-L/14 of the CLIP score, and its tokenizer", ("clip-vit-l-14", "clip-tokenizer")),
        WeightSet("alexnet", "AlexNet on ImageNet, for the perceptual loss", ("alexnet",)),
        WeightSet("vgg19", "VGG-19 on ImageNet, for the perceptual loss", ("vgg19",)),
    )
}
"""What `spgbench fetch weights` takes, by name."""


def weight_file(name: str) -> WeightFile:
    """The file of that name; raises UnknownName with suggestions."""
    if name not in FILES:
        raise UnknownName("weight file", name, FILES)
    return FILES[name]


def weight_set(name: str) -> WeightSet:
    """The set of that name; raises UnknownName with suggestions."""
    if name not in WEIGHT_SETS:
        raise UnknownName("weights", name, WEIGHT_SETS)
    return WEIGHT_SETS[name]
