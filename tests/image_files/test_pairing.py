from __future__ import annotations

import unicodedata

import pytest

from bench.image_files.pairing import PairedNames, names_of_masks, pair_by_name


@pytest.mark.parametrize(
    "form", ["{}", "{}_mask", "{}_mask001", "{}-mask", "{}-mask2", "mask_{}", "mask-{}", "{}_MASK", "Mask_{}"]
)
@pytest.mark.parametrize("one", ["p0", "deep/p0", "deep/er/p0.1", "mask", "a_mask_b"])
def test_the_forms_of_a_name(form: str, one: str) -> None:
    parent, slash, name = one.rpartition("/")
    file = f"{parent}{slash}{form.format(name)}"

    assert pair_by_name(["other", one], ["else", file]) == PairedNames({one: file}, ("other",), {}, ("else",))


@pytest.mark.parametrize("file", ["p0_masked", "p0mask", "p0_mask_1", "elsewhere/p0", "p00", "p0_maskx", "P0"])
def test_another_name_belongs_to_nobody(file: str) -> None:
    assert pair_by_name(["p0"], [file]) == PairedNames({}, ("p0",), {}, (file,))


def test_a_name_that_is_an_id_belongs_to_this_id_alone() -> None:
    pairs = pair_by_name(["a", "a_mask", "b"], ["a", "a_mask", "b_mask"])

    assert pairs.names == {"a": "a", "a_mask": "a_mask", "b": "b_mask"}
    assert list(pairs.names) == ["a", "a_mask", "b"]


def test_several_names_of_an_id_are_told_and_not_chosen_from() -> None:
    pairs = pair_by_name(["a", "b"], ["a_mask002", "a_mask001", "b"])

    assert pairs == PairedNames({"b": "b"}, (), {"a": ("a_mask001", "a_mask002")}, ())


def test_unicode_forms_do_not_matter() -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))

    assert pair_by_name([composed], [f"{decomposed}_mask"]).names == {composed: f"{decomposed}_mask"}
    assert pair_by_name([decomposed], [composed]).names == {decomposed: composed}


def test_masks_among_their_pictures_are_found() -> None:
    assert names_of_masks(["a", "a_mask001", "deep/b", "deep/mask_b", "c_mask", "mask"]) == ["a_mask001", "deep/mask_b"]
