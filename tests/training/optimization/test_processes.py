from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric

from bench.errors import UsageError
from bench.training import DataFacts, Recipe, fabric_for, fit
from tests.training.processes import run_apart
from tests.training.toys import Toy, toy_data, toy_settings


def train_keeping_weights(out: Path, kept: Path, fabric: Fabric) -> None:
    recipes: list[Recipe] = []

    def build(facts: DataFacts) -> Recipe:
        recipes.append(Toy(facts, dropout=0.0))
        return recipes[0]

    fit(build, toy_data(), toy_settings(12), out, fabric)
    torch.save({name: network.state_dict() for name, network in recipes[0].networks.items()}, kept)


def train_as_one_of_two(out: Path, kept: Path, rank: int, port: int) -> None:
    torch.set_num_threads(1)
    os.environ |= {  # what torchrun --nproc-per-node 2 sets
        "TORCHELASTIC_RUN_ID": "test",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "GROUP_RANK": "0",
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
    }
    train_keeping_weights(out, kept, fabric_for("cpu"))
    torch.distributed.destroy_process_group()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_two_processes_train_what_one_would(tmp_path: Path, fabric: Fabric) -> None:
    port = free_port()
    kept = [tmp_path / f"rank{rank}.pt" for rank in range(2)]
    codes = run_apart(train_as_one_of_two, [(tmp_path / "two", kept[rank], rank, port) for rank in range(2)])
    assert codes == [0, 0]
    train_keeping_weights(tmp_path / "one", tmp_path / "one.pt", fabric)
    first, second, alone = (torch.load(path, weights_only=True) for path in (*kept, tmp_path / "one.pt"))
    for name in alone:
        for key, weight in alone[name].items():
            assert torch.equal(first[name][key], second[name][key])
            torch.testing.assert_close(first[name][key], weight, rtol=1e-4, atol=1e-5)
    assert json.loads((tmp_path / "two" / "card.json").read_text())["hardware"]["processes"] == 2


def test_a_batch_must_divide_among_the_processes(tmp_path: Path, fabric: Fabric) -> None:
    with pytest.raises(UsageError, match="multiple of the number of processes"):
        fit(Toy, toy_data(), toy_settings(batch_size=0), tmp_path, fabric)
