from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from bench.errors import DataError, UsageError
from bench.image_files.prediction_names import check_pattern, pair_predictions

Form = Literal["NFC", "NFD"]
IDS = ["p0", "p1", "p10"]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("{}", "{id}"),
        ("{}_mask001", "{id}_mask001"),
        ("{}_mask", "{id}_mask"),
        ("{}_fake_B", "{id}_fake_B"),
        ("{}_out", "{id}_out"),
        ("{} (1)", "{id} (1)"),
        ("{}.jpg", "{id}.jpg"),
        ("out_{}", "out_{id}"),
        ("inpainted-{}-512x512", "inpainted-{id}-512x512"),
        ("test_latest/images/{}_fake_B", "test_latest/images/{id}_fake_B"),
    ],
)
def test_one_rule_for_all_files_is_found(written: str, rule: str) -> None:
    paired = pair_predictions(IDS, [written.format(one) for one in IDS])

    assert paired.names == {one: written.format(one) for one in IDS}
    assert paired.rule == rule


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        (["a/p0", "b/p1"], "{id}"),
        (["a_p0", "b_p1"], "{flat}"),
        (["out_a_p0_x", "out_b_p1_x"], "out_{flat}_x"),
        (["p0", "p1"], "{name}"),
        (["p0_mask001", "p1_mask001"], "{name}_mask001"),
        (["a/p0_mask001", "b/p1_mask002"], "{id}_mask..."),
    ],
)
def test_folders_in_ids(written: list[str], rule: str) -> None:
    paired = pair_predictions(["a/p0", "b/p1"], written[::-1])

    assert list(paired.names.values()) == written
    assert paired.rule == rule


def test_numbers_of_masks_may_differ() -> None:
    names = ["p0_mask001", "p1_mask002", "p10"]

    assert pair_predictions(IDS, names).names == dict(zip(IDS, names, strict=True))


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["p1"], ["p10"]),  # a longer number
        (["p1"], ["p1a"]),
        (["1"], ["frame1"]),
        (["p1", "p10"], ["p10", "p100"]),
        (["1", "2"], ["1_2", "2_1"]),
        (["x", "x_y"], ["x_y", "x_y_y"]),  # x_y is an id
        (["a/p0", "b/p0"], ["p0"]),
        (["a/p0", "b/p0"], ["p0", "p0_mask"]),
        (["a_b/c", "a/b_c"], ["a_b_c", "other"]),
        (IDS, ["p0", "p1", "p11"]),
        (IDS, ["0", "1", "10"]),
        (IDS, ["p0_out", "p1_out", "p10_result"]),
        (IDS, [*IDS, "p0_mask001"]),
        (IDS, [*IDS, "sheet"]),
        (IDS, [f"{one}_mask00{number}" for one in IDS for number in (1, 2)]),
        (IDS, [f"{one}_{kind}" for one in IDS for kind in ("real_B", "fake_B")]),
        (IDS, []),
    ],
)
def test_what_is_not_plain_is_refused(ids: list[str], names: list[str]) -> None:
    with pytest.raises(DataError, match=f"hold exactly one picture for each of the {len(ids)} samples"):
        pair_predictions(ids, names)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["p0", "x", "p10"], r"1 missing \(p1\); 1 extra \(x\)"),
        ([*IDS, "x"], r"1 extra \(x\)\. Remove the others, or leave them out with --pair '\{id\}'"),
        ([*IDS, "p1_mask"], r"1 extra \(p1_mask\)"),
        (["p0", "p1_mask", "p1_mask2", "p10"], r"1 double \(p1: p1_mask, p1_mask2\)"),
        ([f"{one}_{kind}" for kind in "AB" for one in IDS], r"named \{id\}_A and \{id\}_B.*--pair '\{id\}_A'"),
    ],
)
def test_a_refusal_lists_both_sides(names: list[str], found: str) -> None:
    with pytest.raises(DataError, match=found):
        pair_predictions(IDS, names)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{id}_fake_B", ["a/p0_fake_B", "b/p1_fake_B"]),
        ("{flat}_fake_B.png", ["a_p0_fake_B", "b_p1_fake_B"]),
        ("fake/{name}", ["fake/p0", "fake/p1"]),
    ],
)
def test_a_pattern_leaves_other_files_out(pattern: str, names: list[str]) -> None:
    paired = pair_predictions(["a/p0", "b/p1"], [*names, "a/p0_real_B", "sheet"], check_pattern(pattern))

    assert list(paired.names.values()) == names
    assert paired.left_out == ("a/p0_real_B", "sheet")


def test_a_pattern_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match=r"hold one of \{id\}, \{flat\}, \{name\}"):
        check_pattern("p0_mask001.png")
    with pytest.raises(DataError, match="found no 'p1_out', 'p10_out'; there are 'p0_out', 'p1_mask'"):
        pair_predictions(IDS, ["p0_out", "p1_mask"], "{id}_out")
    with pytest.raises(DataError, match="found no 'p0', 'p1', 'p10'; there are no files"):
        pair_predictions(IDS, [], "{id}")
    with pytest.raises(DataError, match="one name for several samples"):
        pair_predictions(["a/p0", "b/p0"], ["p0"], "{name}")


@pytest.mark.parametrize("pattern", ["", "{id}"])
def test_two_files_of_one_name_are_refused(pattern: str) -> None:
    with pytest.raises(DataError, match="hold one file of each name; found several files named 'é'"):
        pair_predictions(["é", "x"], ["é", "e\u0301", "x"], pattern)


@pytest.mark.parametrize("pattern", ["", "{id}_é.png", "{id}_e\u0301"])
@pytest.mark.parametrize(("of_id", "of_file"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_are_compared_in_one_unicode_form(pattern: str, of_id: Form, of_file: Form) -> None:
    ids = [unicodedata.normalize(of_id, one) for one in ("café", "naïve")]
    names = [unicodedata.normalize(of_file, f"{one}_é") for one in ids]

    found = pair_predictions(ids, names, check_pattern(pattern) if pattern else "")

    assert found.names == dict(zip(ids, names, strict=True))
