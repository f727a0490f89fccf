from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

import bench.masks
from bench.cli import app
from bench.errors import DataError
from bench.masks.identification import (
    Identification,
    MaskPassport,
    identification_data,
    identification_lines,
    identify,
    make_passport,
    shipped_passports,
)
from bench.masks.sources import FolderOfMasks, RunLengthMasks

COUNT = 6
WRITERS: dict[str, Callable[[np.ndarray, Path], None]] = {
    "grey.png": lambda hole, path: Image.fromarray(hole.astype(np.uint8) * 255).save(path),
    "rgb.png": lambda hole, path: Image.fromarray(hole.astype(np.uint8) * 255).convert("RGB").save(path),
    "one-bit.png": lambda hole, path: Image.fromarray(hole).save(path),
    "deep.png": lambda hole, path: Image.fromarray(hole.astype(np.uint16) * 65535).save(path),
    "bitmap.bmp": lambda hole, path: Image.fromarray(hole.astype(np.uint8) * 255).save(path),
    "pages.tiff": lambda hole, path: Image.fromarray(hole.astype(np.uint8) * 255).save(path),
    "lossless.webp": lambda hole, path: (
        Image.fromarray(hole.astype(np.uint8) * 255).convert("RGB").save(path, lossless=True)
    ),
    "zero-one.png": lambda hole, path: Image.fromarray(hole.astype(np.uint8)).save(path),
    "layer.png": lambda hole, path: Image.fromarray(
        np.dstack([np.full((*hole.shape, 3), 255), hole * 255]).astype("u1")
    ).save(path),
}


def some_holes(count: int = COUNT, size: tuple[int, int] = (24, 20)) -> list[np.ndarray]:
    """Holes of about 3 in 10 pixels, no two alike, with no rule behind them."""
    return [np.random.default_rng(seed).random(size) < 0.3 for seed in range(count)]


def write(folder: Path, holes: list[np.ndarray], writer: str = "grey.png", name: str = "{:03d}") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for place, hole in enumerate(holes):
        WRITERS[writer](hole, (folder / name.format(place)).with_suffix(Path(writer).suffix))
    return folder


@pytest.fixture(scope="module")
def passport(tmp_path_factory: pytest.TempPathFactory) -> MaskPassport:
    folder = write(tmp_path_factory.mktemp("published"), some_holes())
    return make_passport(FolderOfMasks(folder, "white"), name="published", source="a paper", licence="CC0-1.0")


def text_of(found: Identification) -> str:
    return "\n".join(identification_lines(found))


def call(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


# What does not matter, and what does.


@settings(max_examples=20, deadline=None)
@given(
    writer=st.sampled_from(sorted(WRITERS)),
    inverted=st.booleans(),
    order=st.permutations(range(COUNT)),
    name=st.sampled_from(["{:03d}", "mask-{}", "sub/{}_mask001"]),
)
def test_format_polarity_names_and_order_do_not_matter(
    passport: MaskPassport,
    tmp_path_factory: pytest.TempPathFactory,
    writer: str,
    inverted: bool,
    order: list[int],
    name: str,
) -> None:
    holes = [some_holes()[place] ^ inverted for place in order]
    folder = tmp_path_factory.mktemp("copy")
    (folder / name.format(0)).parent.mkdir(exist_ok=True)

    found = identify([write(folder, holes, writer, name)], [passport])

    assert found.whole is not None
    assert found.whole.passport.name == "published"
    assert found.polarity.hole == ("black" if inverted else "white")
    assert found.polarity.certain
    assert np.allclose([found.share(one) for one in found.readings], [hole.mean() for hole in some_holes_by(order)])


def some_holes_by(order: list[int]) -> list[np.ndarray]:
    return [some_holes()[place] for place in order]


@settings(max_examples=10, deadline=None)
@given(place=st.integers(0, COUNT - 1), row=st.integers(0, 23), column=st.integers(0, 19))
def test_one_other_pixel_is_another_set(
    passport: MaskPassport, tmp_path_factory: pytest.TempPathFactory, place: int, row: int, column: int
) -> None:
    holes = some_holes()
    holes[place][row, column] ^= True

    found = identify([write(tmp_path_factory.mktemp("other"), holes)], [passport])

    assert found.whole is None
    assert (found.matches[0].found, found.matches[0].missing, len(found.matches[0].unknown)) == (COUNT - 1, 1, 1)


def test_another_size_with_the_same_bytes_is_another_set(passport: MaskPassport, tmp_path: Path) -> None:
    found = identify([write(tmp_path, [hole.reshape(20, 24) for hole in some_holes()])], [passport])

    assert found.matches == ()
    assert text_of(found).startswith("set: unknown")


def test_a_part_of_a_set_with_others_is_no_match(passport: MaskPassport, tmp_path: Path) -> None:
    folder = write(tmp_path, [*some_holes()[:4], *some_holes(8)[6:]])

    found = identify([folder], [passport])
    first, second = text_of(found).splitlines()[:2]

    assert first == "set: none as a whole; parts of it are known (below)"
    assert second == "partly: 4 of 6 masks of published; 2 unknown; 2 missing"
    assert (found.polarity.hole, found.polarity.certain) == ("white", False)
    assert "holes of published in 4 of 6 files" in text_of(found)
    assert not found.is_known


@pytest.mark.parametrize("extra", ["unknown", "twice", "unreadable", "inverted"])
def test_a_set_with_one_file_more_is_no_match(passport: MaskPassport, tmp_path: Path, extra: str) -> None:
    more = {"unknown": some_holes(7)[6:], "twice": some_holes()[:1], "inverted": [~some_holes()[0]]}
    folder = write(tmp_path, [*some_holes(), *more.get(extra, [])])
    if extra == "unreadable":
        (folder / "broken.png").write_bytes(b"no picture")

    found = identify([folder], [passport])

    assert found.whole is None
    assert found.matches[0].found == COUNT
    assert not text_of(found).startswith("set: published")


def test_mixed_polarity_is_told(passport: MaskPassport, tmp_path: Path) -> None:
    holes = some_holes()
    found = identify([write(tmp_path, [*holes[:4], *(~hole for hole in holes[4:])])], [passport])

    assert found.whole is None
    assert (found.matches[0].inverted, found.polarity.hole) == (2, None)
    assert "2 more hold them with black and white exchanged" in text_of(found)


# Rules.

SIZES = ((256, 256), (48, 64), (33, 47))
RULES = [entry.name for entry in bench.masks.PROTOCOLS if entry.target == "bench.masks.fixed:Fixed"]


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_named_at_any_size(tmp_path: Path, rule: str, inverted: bool) -> None:
    holes = [bench.masks.draw(rule, height=height, width=width, key="") ^ inverted for height, width in SIZES]
    write(tmp_path, holes)

    found = identify([tmp_path], [])

    for one in found.readings:
        assert one.form is not None
        assert (one.form.black if inverted else one.form.white).protocol == rule
        assert found.polarity.hole in {None, "black" if inverted else "white"}


def test_the_fixed_kinds_of_repaint_are_named_at_their_size(tmp_path: Path) -> None:
    kept = {name: np.zeros((256, 256), np.bool_) for name in ("ev2li", "nn2", "ex64", "genhalf")}
    kept["ev2li"][1::2] = kept["nn2"][1::2, 1::2] = kept["ex64"][96:160, 96:160] = kept["genhalf"][:, :128] = True
    for name, pixels in kept.items():
        found = identify([write(tmp_path / name, [pixels, pixels])], [])
        form = found.readings[0].form

        assert form is not None
        assert form.black.published == f"RePaint {name}"
        assert form.white.published == ""
        assert found.is_known
        assert found.polarity.hole == ("black" if name in {"ev2li", "nn2"} else None)
        assert f"RePaint {name}" in text_of(found).splitlines()[0]

        small = identify(
            [write(tmp_path / f"small {name}", [pixels[::2, ::2] if name != "ev2li" else pixels[:128]])], []
        )
        assert "RePaint" not in text_of(small)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        (np.s_[8:32, 8:32], "a central block of 24x24 (0.6 x 0.6 of the sides)"),
        (np.s_[3:9, 5:40], "a block of 6x35 at row 3, column 5"),
        (np.s_[:, :10], "the left 10 of 40 columns"),
        (np.s_[20:, :], "the bottom half"),
        (np.s_[::4, 1::4], "rows 0, 4 and so on crossed with columns 1, 5 and so on"),
        (np.s_[:, ::3], "columns 0, 3 and so on"),
    ],
)
def test_rules_without_a_name_are_described(tmp_path: Path, marked: Any, text: str) -> None:
    hole = np.zeros((40, 40), np.bool_)
    hole[marked] = True

    form = identify([write(tmp_path, [hole])], []).readings[0].form

    assert form is not None
    assert form.white.text == text
    assert form.white.names == ""


def test_masks_without_a_rule_are_unknown_and_no_generator_is_named(tmp_path: Path) -> None:
    found = identify([write(tmp_path, some_holes())], shipped_passports())

    assert text_of(found).startswith("set: unknown: no set with a passport, and no one rule. LaMa, MAT")
    assert identification_data(found)["set"] is None


def test_blocks_at_random_places_are_counted_and_not_listed(tmp_path: Path) -> None:
    holes = [bench.masks.draw("random-rect@1", height=40, width=40, key=str(key)) for key in range(8)]

    lines = text_of(identify([write(tmp_path, holes)], [])).splitlines()

    assert lines[0].startswith("set: unknown")
    assert re.match("rules without a name: [5678] of them in 8 of 8 files, such as a block of 20x20 at row", lines[1])
    assert len([line for line in lines if line.startswith("rule")]) == 1


# What is odd about files.


def test_duplicates_uniform_grey_and_broken_files_are_told(tmp_path: Path) -> None:
    first, second, *_ = some_holes()
    write(tmp_path, [first, first, ~first, second, np.zeros_like(first), np.ones_like(first)])
    soft = Image.fromarray(np.kron(second, np.ones((5, 5))).astype(np.uint8) * 255)
    soft.save(tmp_path / "soft.jpg", quality=60)
    (tmp_path / "broken.png").write_bytes(b"no picture")

    found = identify([tmp_path], [])
    text = text_of(found)

    assert found.duplicates == [["000.png", "001.png"]]
    assert found.inverted_duplicates == [("000.png", "002.png")]
    assert "black all over: 1 file, '004.png'" in text
    assert "white all over: 1 file, '005.png'" in text
    assert "not only black and white: 1 file; most in 'soft.jpg'" in text
    assert "unreadable: 1 file, such as 'broken.png'" in text
    assert json.loads(json.dumps(identification_data(found)))["unreadable"].keys() == {"broken.png"}


@pytest.mark.parametrize(("share", "hole"), [(0.1, "white"), (0.5, None), (0.9, "black")])
def test_shares_alone_never_tell_the_polarity_for_certain(tmp_path: Path, share: float, hole: str | None) -> None:
    masks = [np.random.default_rng(seed).random((20, 20)) < share for seed in range(5)]

    polarity = identify([write(tmp_path, masks)], []).polarity

    assert (polarity.hole, polarity.certain) == (hole, False)


def test_pictures_are_no_masks(tmp_path: Path) -> None:
    for place in range(3):
        grey = np.random.default_rng(place).integers(60, 140, (20, 20), np.uint8)
        Image.fromarray(grey).save(tmp_path / f"{place}.png")

    found = identify([tmp_path], [])

    assert found.polarity.hole is None
    assert "they may be pictures, or soft masks" in text_of(found)


# Passports.


def test_the_shipped_passports_are_whole() -> None:
    zits = {one.name: one for one in shipped_passports()}["ZITS-125"]

    assert (zits.count, zits.sizes, zits.hole, zits.licence) == (125, {"256x256": 125}, "white", "Apache-2.0")
    assert len(set(zits.holes)) == 125


@pytest.mark.parametrize(
    ("change", "must"),
    [
        ({"count": 7}, "list as many holes as its count says, 7"),
        ({"sha256": "0" * 64}, "have the SHA-256 that its holes give"),
        ({"holes": ["A" * 64] * COUNT}, "list its holes as SHA-256"),
        ({"sizes": {"24x20": 5}}, "have sizes of 6 masks in all"),
        ({"hole": "grey"}, "say of its hole"),
        ({"licence": " "}, "say its licence in words"),
        ({"colour": "red"}, "hold exactly name, source"),
        ({"count": None}, "have a count of at least 1"),
    ],
)
def test_a_damaged_passport_is_refused(
    passport: MaskPassport, tmp_path: Path, change: dict[str, Any], must: str
) -> None:
    (tmp_path / "one.json").write_text(json.dumps({**json.loads(passport.to_json()), **change}))
    write(tmp_path / "masks", some_holes(1))

    with pytest.raises(DataError, match=must):
        call("masks", "identify", tmp_path / "masks", "--passports", tmp_path)


def test_a_passport_from_the_command_names_the_set_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "ours", [~hole for hole in some_holes()])
    about = ("--name", "ours", "--source", "our laboratory", "--licence", "CC0-1.0", "--hole", "black")
    code, _ = call("masks", "passport", tmp_path / "ours", *about, "-o", tmp_path / "passports" / "ours.json")
    assert code == 0

    write(tmp_path / "copy", some_holes()[::-1], "one-bit.png", "x{}")
    code, out = call("masks", "identify", tmp_path / "copy", "--passports", tmp_path / "passports", "--json")
    data = json.loads(out)

    assert (code, data["set"], data["hole"]) == (0, "ours", "white")


def test_run_length_masks_are_identified_as_pictures_are(tmp_path: Path) -> None:
    inside, outside = [1, 3, 1000, 40, 9_000, 700], [5, 900, 50_000, 12]
    entry = {"image": "images/a.jpg", "inpainting_mask": inside, "outpainting_mask": outside}
    (tmp_path / "mapping_file.json").write_text(json.dumps({"0": entry}))
    about = ("--name", "inside", "--source", "a paper", "--licence", "unknown")
    call("masks", "passport", tmp_path / "mapping_file.json", *about, "-o", tmp_path / "passports" / "inside.json")
    options = ("--passports", tmp_path / "passports", "--json")
    hole = RunLengthMasks(tmp_path / "mapping_file.json", "inside").read("a").hole

    _, as_pictures = call("masks", "identify", write(tmp_path / "masks", [hole]), *options)
    _, both = call("masks", "identify", tmp_path / "mapping_file.json", *options)

    assert json.loads(as_pictures)["set"] == "inside"
    (match,) = json.loads(both)["matches"]
    assert (match["whole"], match["found"], len(match["unknown"])) == (False, 1, 1)


def test_a_doubtful_passport_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (first, *_), soft = some_holes(), np.full((24, 20), 100, np.uint8)
    soft[:2] = 255
    write(tmp_path, [~first, ~first])
    Image.fromarray(255 - soft).save(tmp_path / "soft.png")

    made = make_passport(FolderOfMasks(tmp_path, "white"), name="a", source="a", licence="a")

    assert (made.count, len(set(made.holes))) == (3, 2)
    assert "1 masks have grey pixels near half of full scale ('soft')" in caplog.text
    assert "1 masks are there more than once" in caplog.text
    assert "Is white missing in these files?" in caplog.text


def test_two_sets_of_one_name_are_refused(passport: MaskPassport, tmp_path: Path) -> None:
    other = make_passport(
        FolderOfMasks(write(tmp_path / "a", some_holes(2)), "white"), name="published", source="x", licence="x"
    )
    (tmp_path / "1.json").write_text(passport.to_json())
    (tmp_path / "2.json").write_text(other.to_json())

    with pytest.raises(DataError, match="be of the same set as the other one named 'published'"):
        call("masks", "identify", tmp_path / "a", "--passports", tmp_path)
