from __future__ import annotations

import dataclasses
import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch

import bench
import bench.models
from bench.errors import ModelFailure, UsageError
from bench.pictures import sample_seed
from bench.vocabulary import Dataset
from tests.models.contract import make_batch
from tests.models.foreign_files import write_program

COPY = 'cp "$inputs"/*.png "$outputs"'


def _spec(folder: Path, text: str, options: str = "") -> str:
    return f"command:sh {write_program(folder / 'fill.sh', text)}{options}"


def test_what_it_writes_is_the_answer(tmp_path: Path) -> None:
    batch = make_batch(3)

    model = bench.models.load(_spec(tmp_path, COPY, "?fill=0.2"))

    torch.testing.assert_close(model.inpaint(batch).image, batch.image.masked_fill(batch.hole, 0.2), rtol=0, atol=1e-6)
    assert model.name == "command:sh?fill=0.2"


@pytest.mark.parametrize(("options", "missing"), [("", 1.0), ("?hole=0", 0.0)])
def test_holes_are_black_and_white(options: str, missing: float, tmp_path: Path) -> None:
    batch = make_batch(2)

    image = bench.models.load(_spec(tmp_path, 'cp "$holes"/*.png "$outputs"', options)).inpaint(batch).image

    expected = torch.where(batch.hole, missing, 1 - missing)
    assert torch.equal(image, expected.expand_as(image))


def test_folders_may_be_placed_and_seeds_lie_beside_them(tmp_path: Path) -> None:
    batch = dataclasses.replace(make_batch(2), prompts=("a street", ""))
    script = tmp_path / "fill.sh"
    script.write_text(f'cp "$2/../seeds.json" "$2/../prompts.json" {tmp_path}; cp "$2"/*.png "$1"\n')

    bench.models.load(f"command:sh {script} {{outputs}} {{inputs}}").inpaint(batch)

    assert json.loads((tmp_path / "prompts.json").read_text()) == {"0000": "a street", "0001": ""}
    assert json.loads((tmp_path / "seeds.json").read_text()) == {"0000": batch.seeds[0], "0001": batch.seeds[1]}


HANG = 'exec 9> "$ALIVE"; while true; do echo beat >> "$BEATS"; sleep 0.05; done'
"""Never ends; every process that it starts holds the pipe `ALIVE` open."""


@pytest.fixture
def beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of lines. A program's time limit starts when it has written one there, however slow the machine is."""
    file = tmp_path / "beats"
    file.touch()

    class Begun(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            size = file.stat().st_size
            super().__init__(*arguments, **options)
            while self.poll() is None and file.stat().st_size == size:
                time.sleep(0.005)

    monkeypatch.setattr("bench.models.processes.subprocess.Popen", Begun)
    monkeypatch.setenv("BEATS", str(file))
    return file


@pytest.mark.parametrize(
    "text", [f"({HANG}) & wait", f"trap '' TERM; {HANG}", f"({HANG}) & {COPY}"], ids=["child", "deaf", "left behind"]
)
def test_nothing_that_it_started_outlives_it(
    text: str, tmp_path: Path, beats: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "alive")
    pipe = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    monkeypatch.setenv("ALIVE", str(tmp_path / "alive"))
    monkeypatch.setattr("bench.models.processes._GRACE", 0.3)
    model = bench.models.load(_spec(tmp_path, text, "?timeout=600" if COPY in text else "?timeout=0.1"))

    if COPY in text:
        model.inpaint(make_batch(1))
    else:
        with pytest.raises(ModelFailure, match=r"end with exit code 0 within 0\.1 s; found no end after 0\.1 s"):
            model.inpaint(make_batch(1))

    ended, _, _ = select.select([pipe], [], [], 300)  # readable when no process holds the other end
    os.close(pipe)
    assert ended
    assert beats.stat().st_size


def test_after_two_hangs_it_is_not_run_again(tmp_path: Path, beats: Path) -> None:
    model = bench.models.load(_spec(tmp_path, 'echo run >> "$BEATS"; sleep 3600', "?timeout=0.1"))

    messages = []
    for _ in range(4):
        with pytest.raises(ModelFailure) as failure:
            model.inpaint(make_batch(1))
        messages.append(str(failure.value))

    assert beats.read_text().count("run") == 2
    assert ["no end after" in message for message in messages] == [True, True, False, False]
    assert "It was not run again." in messages[3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo out of luck >&2; exit 3", "found exit code 3, having said: out of luck"),
        ("kill -9 $$", "found death by SIGKILL"),
        ("true", "write 2 PNG files, outputs/0000.png and so on; found 0 of them; the first that is missing is 0000"),
        ('cp "$inputs/0000.png" "$outputs"', "found 1 of them; the first that is missing is 0001.png"),
        ('for n in 0000 0001; do echo > "$outputs/$n.png"; done', "0000.png must be a whole BMP, JPEG, PNG"),
        ('for n in 0000 0001; do head -c 300 "$inputs/$n.png" > "$outputs/$n.png"; done', "a truncated PNG"),
    ],
)
def test_what_a_program_can_do_wrong(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFailure, match=message):
        bench.models.load(_spec(tmp_path, text)).inpaint(make_batch(2))


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (20, 10)).save(tmp_path / "small.png")

    with pytest.raises(ModelFailure, match="be as large as its input, 32x40; found 10x20"):
        bench.models.load(_spec(tmp_path, f'cp {tmp_path}/small.png "$outputs/0000.png"')).inpaint(make_batch(1))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("command:no-such-program-here", "start with a program; found none of that name"),
        ("command: ", "start with a program"),
        ("command:sh -c 'unclosed", "No closing quotation"),
        ("command:sh?timeout=0", "be above 0 seconds"),
        ("command:sh?timeout=soon", "be above 0 seconds"),
        ("command:sh?range=0-1", "option 'range'"),
        ("command:sh?timeuot=3", "Did you mean timeout"),
    ],
)
def test_commands_that_cannot_be(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bench.models.load(spec)


def test_the_fingerprint_follows_the_script_and_the_words(tmp_path: Path) -> None:
    prints = [bench.models.load(_spec(tmp_path, COPY)).fingerprint for _ in range(2)]
    (tmp_path / "elsewhere").mkdir()
    moved = bench.models.load(_spec(tmp_path / "elsewhere", COPY)).fingerprint
    others = [
        bench.models.load(_spec(tmp_path, COPY, "?timeout=9")).fingerprint,
        bench.models.load(_spec(tmp_path, COPY) + " --fast").fingerprint,
        bench.models.load(_spec(tmp_path, COPY + "\n# changed")).fingerprint,
    ]

    assert prints == [moved, moved]
    assert len({moved, *others}) == 4


def test_a_python_script_counts_with_its_helpers(tmp_path: Path) -> None:
    script, helper = tmp_path / "fill.py", tmp_path / "helper.py"
    script.write_text("def main():\n    import helper\n")
    prints = []
    for text in ("V = 1", "V = 2", "V = 1"):
        helper.write_text(text)
        prints.append(bench.models.load(f"command:python {script}").fingerprint)

    assert prints[0] == prints[2] != prints[1]


def test_bad_pictures_fail_alone_and_other_models_go_on(pictures: Dataset, tmp_path: Path) -> None:
    text = f'grep -q {sample_seed(0, "p003")} "$inputs/../seeds.json" && exit 1\n{COPY}'

    run = bench.evaluate([_spec(tmp_path, text), "mean"], pictures, out=tmp_path / "out")

    bad, good = run.cells.values()
    assert [failure.samples for failure in bad.failures] == [("p003",)]
    assert (bad.n_failed, good.n_failed) == (1, 0)
