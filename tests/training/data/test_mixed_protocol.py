from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import bench.masks
from bench.errors import UnknownName
from bench.training.data.mixed_protocol import parse_protocols
from bench.vocabulary import Sample
from tests.training.toys import Squares

NAMES = ("center-50", "half-left", "half-right")
SAMPLES = [Sample(f"sample {number}", np.zeros((16, 16, 3), np.uint8)) for number in range(300)]


def test_one_name_is_that_protocol() -> None:
    assert parse_protocols("center-50").name == bench.masks.get("center-50").name


def test_every_protocol_cuts_its_share_of_the_holes() -> None:
    mixture, dataset = parse_protocols(" center-50, half-left,half-right "), Squares(3)
    single = {name: bench.masks.get(name).hole(SAMPLES[0], 0, dataset).tobytes() for name in NAMES}
    cut = Counter(mixture.hole(sample, 0, dataset).tobytes() for sample in SAMPLES)
    assert set(cut) == set(single.values())
    assert min(cut.values()) > 70  # of 100 to be expected; six standard deviations are 49


def test_a_hole_depends_on_seed_and_sample_alone() -> None:
    mixture, dataset = parse_protocols("freeform,random-rect"), Squares(3)
    first = [mixture.hole(sample, 5, dataset) for sample in SAMPLES[:20]]
    again = [mixture.hole(sample, 5, dataset) for sample in SAMPLES[19::-1]][::-1]
    other = [mixture.hole(sample, 6, dataset) for sample in SAMPLES[:20]]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_name_and_need_of_labels_are_those_of_all() -> None:
    mixture = parse_protocols("center-50,object")
    assert mixture.name == "center-50@1,object@2"
    assert mixture.needs_labels
    assert not parse_protocols("center-50,half-left").needs_labels


def test_an_unknown_protocol_is_named() -> None:
    with pytest.raises(UnknownName, match="no-such"):
        parse_protocols("center-50,no-such")
