"""Splits that papers use. Where a list follows a rule, its hash is made here; where it is not at hand, that is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench.data.selection import ids_sha256
from bench.registry import Registry

__all__ = ["SPLITS", "KnownSplit", "names_of_split"]


@dataclass(frozen=True)
class KnownSplit:
    """A split that is used under a name.

    Attributes:
        dataset: whose pictures it lists.
        count: how many, by part where it has several.
        source: who uses it.
        rule: which pictures, in words; empty where the list is not at hand.
        sha256: `ids_sha256` of the list, once for every way in which its pictures are named; empty where it is unknown.
    """

    dataset: str
    count: str
    source: str
    rule: str
    sha256: tuple[str, ...]


SPLITS: Registry[KnownSplit] = Registry("split", "spgbench.splits", "spgbench ls splits")
"""All known splits. A target is called with the options of its entry and returns a KnownSplit."""


def numbered(*, dataset: str, source: str, start: int, stop: int, forms: tuple[str, ...]) -> KnownSplit:
    """The pictures with the numbers from `start` to `stop` - 1, named by any of the `forms`, such as `{:05d}`."""
    names = [tuple(form.format(number) for number in range(start, stop)) for form in forms]
    rule = " or ".join(f"{each[0]} to {each[-1]}" for each in names)
    return KnownSplit(dataset, f"{stop - start:,}", source, rule, tuple(map(ids_sha256, names)))


def not_at_hand(*, dataset: str, source: str, count: str) -> KnownSplit:
    """A split whose list is not at hand, so that its hash is unknown."""
    return KnownSplit(dataset, count, source, "", ())


def names_of_split(ids: Iterable[str]) -> tuple[str, ...]:
    """Names of the known splits that list exactly these ids, whatever their folders. Pictures are not compared."""
    ids = tuple(ids)
    found = {ids_sha256(ids), ids_sha256(one.rpartition("/")[2] for one in ids)}
    return tuple(entry.name for entry in SPLITS if found & set(SPLITS.create(entry.name).sha256))


def _numbered(name: str, dataset: str, source: str, start: int, stop: int, *forms: str) -> None:
    summary = f"{dataset}: {stop - start:,} pictures, numbers {start} to {stop - 1} ({source})"
    options: dict[str, Any] = {"dataset": dataset, "source": source, "start": start, "stop": stop, "forms": forms}
    SPLITS.add(name, "bench.data.known_splits:numbered", summary, **options)


def _not_at_hand(name: str, dataset: str, source: str, count: str) -> None:
    summary = f"{dataset}: {count} pictures ({source}); list not at hand, hash unknown"
    SPLITS.add(name, "bench.data.known_splits:not_at_hand", summary, dataset=dataset, source=source, count=count)


_CELEBA_HQ, _FFHQ, _PLACES = "CelebA-HQ", "FFHQ", "Places2"
_numbered("ffhq-first-10000", _FFHQ, "MI-GAN", 0, 10_000, "{:05d}")
_numbered("celeba-hq-first-100", _CELEBA_HQ, "image-restoration-sde, issue 102", 0, 100, "{:05d}", "{}")
_numbered("places2-val-36500", _PLACES, "MAT: the whole validation set", 1, 36_501, "Places365_val_{:08d}")
_PARTITION = "CelebA's list_eval_partition.txt by CelebA-HQ-to-CelebA-mapping.txt; CelebAMask-HQ, issue 19"
_not_at_hand("celeba-hq-partition", _CELEBA_HQ, _PARTITION, "24,183 / 2,993 / 2,824")
_not_at_hand("celeba-hq-27000", _CELEBA_HQ, "GOUB, issue 13", "27,000 / 3,000")
_not_at_hand(
    "celeba-hq-deepfill-val", _CELEBA_HQ, "DeepFill's val_shuffled.flist; generative_inpainting, issue 443", "2,000"
)
_not_at_hand("celeba-hq-lama-val", _CELEBA_HQ, "LaMa, an unseeded shuffle", "an unknown number of")
_not_at_hand("places2-lama-30000", _PLACES, "LaMa, an unseeded shuffle", "30,000")
_not_at_hand("places2-pixelhacker-10000", _PLACES, "PixelHacker, test pictures", "10,000")
