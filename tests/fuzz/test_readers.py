"""A short run of the fuzzer, by its own cases and by Hypothesis, and what longer runs found."""

from __future__ import annotations

import base64
import json
import lzma
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import bench.data
from bench.errors import DataError, SpgbenchError, TooLarge, UsageError
from bench.evaluation.suite import read_suite
from bench.image_files.masks import read_mask
from bench.records.layout import CellKey, RunLayout, folder_name, sample_file
from bench.records.store import open_cells
from bench.strict_json import parse_json
from tests.fuzz.campaign import Part, case
from tests.fuzz.guard import Guard
from tests.fuzz.targets import ALL


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    root = tmp_path_factory.mktemp("fuzz") / "a" / "root"
    root.mkdir(parents=True)
    return Guard(root)


@pytest.mark.parametrize("name", ALL)
def test_no_reader_fails_without_a_message(name: str, guard: Guard) -> None:
    target = ALL[name]
    count = len(target.seeds())
    some = (*range(0, count, 1 + count // 8), *range(count, count + 4))

    assert {guard.run(target.read, case(target, 7, index), pickles=target.pickles) for index in some} == {""}


@settings(max_examples=20)
@given(data=st.binary(max_size=200))
def test_no_bytes_do(data: bytes, guard: Guard) -> None:
    readers = [ALL[name] for name in ("picture", "request of a page", "features")]

    assert [guard.run(target.read, data) for target in readers] == ["", "", ""]


def test_an_index_that_no_label_map_can_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "a.png")
    (tmp_path / "classes.json").write_text('{"classes": ["a"], "ignore": 9000000000}')

    with pytest.raises(DataError, match="ignore is 9000000000"):
        bench.data.load("folder", root=str(tmp_path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ("[NaN]", "NaN"),
        ("[1e999]", "too large"),
        ("9" * 400, "digits"),
        ("[" * 100_000, "nested"),
        ('"\\ud800"', "surrogate"),
    ],
)
def test_json_of_others_is_read_strictly(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_json(text)


def test_json_means_what_it_says() -> None:
    value = {"a": [1, -2.5, None, True, "\U0001f600 \x00"], "": {}}

    assert parse_json(json.dumps(value)) == parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "line", ["a{n}: &a{n} [*a{m}, *a{m}]\n", "a{n}: &a{n} {{<<: [*a{m}, *a{m}]}}\n"], ids=["aliases", "merged keys"]
)
def test_a_suite_that_grows_by_aliases_is_refused(line: str, tmp_path: Path) -> None:
    bomb = "a0: &a0 {x: 1}\n" + "".join(line.format(n=n, m=n - 1) for n in range(1, 30))
    (tmp_path / "s.yaml").write_text(bomb)

    with pytest.raises(TooLarge, match="aliases"):
        read_suite(str(tmp_path / "s.yaml"))


@pytest.mark.parametrize("text", ["limit: 1\nlimit: 2", "a: &a [*a]", "limit: 2001-99-99", "[" * 900])
def test_a_suite_that_yaml_would_let_pass_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(text)

    with pytest.raises(UsageError, match="readable YAML"):
        read_suite(str(tmp_path / "s.yaml"))


def test_packed_cells_that_unpack_to_more_than_any_run_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.records.store._MOST_BYTES", 1 << 16)
    layout = RunLayout(tmp_path)
    layout.packed_cells.write_bytes(lzma.compress(bytes(1 << 20)))

    with pytest.raises(TooLarge, match="65,536 bytes"):
        open_cells(layout)


@pytest.mark.parametrize("name", ["..", ".", "", "../x", "CON", "nul.txt", "a.", "a ", "a/b", "C:x", "a\0b"])
def test_names_are_folders_of_their_own(name: str) -> None:
    found = folder_name(name)

    assert Path(found).name == found not in ("", ".", "..")
    assert found[-1] not in ". "
    assert found.partition(".")[0].lower() not in ("con", "nul")


def test_long_names_are_short_folders_of_their_own() -> None:
    names = ["é" * 300, "é" * 301, f"{'x' * 250}."]

    assert len({folder_name(name) for name in names}) == 3
    assert all(len(folder_name(name).encode()) <= 200 for name in names)
    assert folder_name("x" * 200) == "x" * 200


def test_processes_share_the_cases() -> None:
    parts = [Part(number, 3) for number in range(3)]

    for cases in (0, 1, 100, 301, 1234):
        found = [part.index(position) for part in parts for position in range(part.count(cases))]
        assert sorted(found) == list(range(cases))


def test_no_part_of_a_key_or_sample_leads_out(tmp_path: Path) -> None:
    key = CellKey("..", "../../../..", "..", "..", "../../..")

    assert all(part not in ("..", ".") for part in key.path.parts)
    assert len(key.path.parts) == 4
    assert sample_file(tmp_path, "a/b.c", ".png") == tmp_path / "a" / "b.c.png"
    for sample in ("../x", "/x", "a/../../x", "", "a\0"):
        with pytest.raises(UsageError, match="leads elsewhere"):
            sample_file(tmp_path, sample, ".png")


def test_messages_are_short_and_move_no_cursor() -> None:
    text = str(SpgbenchError("file \x1b[2J\u202e.png", "be", "x" * 100_000 + "\ud800"))

    assert "\x1b" not in text
    assert "\\x1b[2J\\u202e.png" in text
    assert len(text) < 2000
    text.encode()


BROKEN_PALETTE = base64.b64decode(
    "".join(
        [
            "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAGAQMAAADAPp2FAAAAGklEQVR4nGP8f5DpEAOTHAMTAwMTAwOTAgMAKaMCzFED3OcAAAAA",
            "SUVORK5CYII=",
        ]
    )
)


def test_a_mask_with_a_broken_palette_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(BROKEN_PALETTE)

    with pytest.raises(DataError, match="must have a whole palette"):
        read_mask(tmp_path / "a.png")


VERY_HIGH = """
iVBORw0KGgoAAAAGaUNDUAAAAAAAAK2gVLcAAAANSUhEUgAAAAgBAAAICAAAAAD2H/UUAAAAEklEQVR4XmNkYIQCDijNQhYDABMvAItl3JBXAAAAAElF
TkSuQmCC
"""  # 8 x 16,777,224 pixels


def changed(name: str, **values: object) -> bytes:
    """The first JSON object that a target begins with, with other values."""
    first, _ = json.JSONDecoder().raw_decode(ALL[name].seeds()[0].decode())
    return json.dumps(first | values).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("picture", BROKEN_PALETTE),
        ("upload", BROKEN_PALETTE),
        ("pictures of the page of a run", base64.b64decode(VERY_HIGH)),
        ("limit of latency", b"p50<=1s@1/s," + b"1" * 5003),
        ("limit of latency", b"p50<=1s@1/s," + b"\xff," * 700),
        (
            "references",
            b"[{model: a, protocol: center-50, metric: psnr.hole, source: s, note: n, value: 1%s}]" % (b"0" * 400),
        ),
        ("brushbench", b'{"0": {"image": "", "caption": "a", "inpainting_mask": [], "outpainting_mask": []}}'),
        ("profile", changed("profile", wall_s=[0.0], device_s=[])),
        ("table of run.json", changed("table of run.json", protocols=["a"] * 1000)),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_what_longer_runs_found_ends_in_a_message(name: str, data: bytes, guard: Guard) -> None:
    assert guard.run(ALL[name].read, data) == ""
