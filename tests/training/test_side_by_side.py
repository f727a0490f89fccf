"""Trainings side by side on one machine: what is stopped keeps its weights, and what lasts fits the way home."""

from __future__ import annotations

import itertools
import json
import sys
import tarfile
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from bench.training import DataFacts, fit
from tests.support.gpu import training_packs
from tests.support.gpu.early_weights import write_early_weights
from tests.support.gpu.sharp_jobs import Job, command
from tests.support.gpu.sharp_training import Trainings, evaluation
from tests.support.gpu.training_packs import deliveries, pack
from tests.training.toys import Toy, toy_data, toy_settings


class Normalised(Toy):
    """With running statistics, which are to be those of the averaged weights."""

    def __init__(self, facts: DataFacts) -> None:
        super().__init__(facts)
        filler = self.networks["filler"]
        assert isinstance(filler, nn.Sequential)
        filler.insert(1, nn.BatchNorm2d(8))


def filler(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "weights" / "filler.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("steps", [4, 8])
def test_a_stopped_training_has_the_weights_of_one_that_was_to_end_there(
    tmp_path: Path, fabric: Fabric, steps: int
) -> None:
    def train(name: str, total: int, stop_after: int = 0) -> dict[str, torch.Tensor]:
        calls = itertools.count(1)
        settings = toy_settings(total, stages=("adversarial",), constant=1.0)  # rates that do not know the end
        fit(Normalised, toy_data(), settings, tmp_path / name, fabric, should_stop=lambda: next(calls) == stop_after)
        return filler(tmp_path / name)

    with pytest.raises(KeyboardInterrupt):
        train("stopped", 12, stop_after=steps)

    said = write_early_weights(
        tmp_path / "stopped", Normalised(DataFacts(("ground", "square"), (16, 16))), toy_data(), fabric
    )

    assert said == f"stopped early, after {steps} of 12 steps: averaged weights of that moment"
    assert same(filler(tmp_path / "stopped"), train("short", steps))
    card = json.loads((tmp_path / "stopped" / "card.json").read_text())
    assert card["steps"] == steps
    assert card["notes"] == [said]
    assert same(train("stopped", 12), train("whole", 12))  # the same command goes on
    assert "notes" not in json.loads((tmp_path / "stopped" / "card.json").read_text())


def test_without_a_step_there_are_no_weights(tmp_path: Path, fabric: Fabric) -> None:
    assert write_early_weights(tmp_path, Toy(DataFacts((), (16, 16))), toy_data(), fabric) == ""
    assert not list(tmp_path.iterdir())


PATIENT = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); print('on', flush=True)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True)"


def test_what_does_not_end_in_time_is_told_to_stop_and_then_killed(tmp_path: Path) -> None:
    codes = {"first": "", "patient": PATIENT, "deaf": DEAF, "late": ""}
    wait = "; time.sleep(60)"
    commands = {name: [sys.executable, "-c", code + wait if code else ""] for name, code in codes.items()}
    trainings = Trainings(commands, tmp_path, at_once=2)
    ready = (tmp_path / "patient.txt", tmp_path / "deaf.txt")

    while not all(log.exists() and log.read_text() for log in ready):
        trainings.run(trainings.seconds() + 0.3)
    trainings.stop(0.5)

    assert trainings.ended == {"first": 0, "patient": 143, "deaf": -9}
    assert not trainings.running


def test_a_row_of_the_evaluation_reads_what_the_training_wrote(tmp_path: Path) -> None:
    done = [
        Job("a", "spgnet", "small", "sg-net", "streets", 5),
        Job("b", "spgnet", "small", "unguided", "streets", 5),
        Job("c", "lama", "small", "", "streets", 5),
    ]
    arguments = evaluation("streets", done, tmp_path, ["--limit", "2"])
    rows = arguments[arguments.index("--models") + 1].split(",")
    assert [row.partition("?")[0] for row in rows] == ["a=spgnet", "b=spgnet:unguided", "c=lama"]
    assert [Path(row.partition("weights=")[2]).relative_to(tmp_path) for row in rows] == [
        Path("a/weights/spgnet.safetensors"),
        Path("b/weights/unguided.safetensors"),
        Path("c/weights/lama.safetensors"),
    ]
    train = command(done[2], tmp_path, Path("start"), None, 1.0, [])
    assert train[train.index("--start") + 1] == str(Path("start/streets-lama"))


def test_packs_hold_texts_first_and_whole_trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_packs, "LARGEST", 60_000)
    monkeypatch.setattr(training_packs, "IN_ALL", 110_000)
    names = ["one", "two", "three"]
    for name in names:
        (tmp_path / name / "weights").mkdir(parents=True)
        (tmp_path / name / "sheets").mkdir()
        (tmp_path / name / "training.json").write_text('{"stages": ["sg-net"]}')
        (tmp_path / name / "log.csv").write_text("step\n")
        state = {"sgnet.a": torch.rand(100, 200), "sgnet.b": torch.rand(3), "spnet.a": torch.rand(4, 4)}
        save_file(state, tmp_path / name / "weights" / "spgnet.safetensors")
        for step in (1, 2):
            Image.new("RGB", (64, 64)).save(tmp_path / name / "sheets" / f"sg-net-0000000{step}.png")

    told = pack(names, [], tmp_path)

    assert [line.partition(": ")[2].partition(",")[0] for line in told] == ["2 files", "1 files"]
    held = []
    for number, file in ((1, 0), (1, 1), (2, 0)):
        with tarfile.open(tmp_path / "packs" / str(number) / f"pack-{file}.tar") as archive:
            held.append(archive.getnames())
            archive.extractall(tmp_path / "back", filter="data")
    parts = [[f"{name}.spgnet.safetensors", f"{name}.sg-net-00000002.jpg"] for name in names]
    texts = [f"{name}.{text}" for name in names for text in ("log.csv", "training.json")]
    assert held == [[*texts, *parts[0]], parts[1], parts[2]]
    back = load_file(tmp_path / "back" / "one.spgnet.safetensors")
    assert {key: value.dtype for key, value in back.items()} == {"sgnet.a": torch.float16, "sgnet.b": torch.float32}


def test_no_delivery_has_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_packs, "LARGEST", 5000)
    file = tmp_path / "file"
    file.write_bytes(b"x" * 4000)
    made = deliveries([[(file, str(number))] for number in range(16)])
    assert [len(delivery) for delivery in made] == [7, 7, 2]
    names = [name for delivery in made for files in delivery for _, name in files]
    assert names == [str(number) for number in range(16)]
