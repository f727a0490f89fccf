from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

import bench.metrics
from bench.errors import DataError, UnknownName, WeightsMissing
from bench.metrics.cache.feature_cache import FeatureCache
from bench.metrics.perceptual.backends.network import Lpips, loaded
from tests.metrics.conftest import MakePair
from tests.support.stand_in_weights import publish, random_trunk

TRUNKS = {"alex": ("alexnet", "alexnet"), "squeeze": ("squeezenet", "squeezenet1_1"), "vgg": ("vgg16", "vgg16")}


@pytest.fixture(scope="module")
def shared() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch
    loaded.cache_clear()


@pytest.fixture(scope="module")
def trunks(shared: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.nn.Module]:
    """Random trunks that pass for the published ones."""
    folder = tmp_path_factory.mktemp("weights")
    found = {}
    for net, (file, name) in TRUNKS.items():
        found[net] = random_trunk(name)
        state = {f"features.{key}": tensor for key, tensor in found[net].state_dict().items()}
        publish(file, {**state, "classifier.1.bias": torch.zeros(1000)}, folder, shared)
    return found


def with_trunk(make: Callable[..., Any], net: str, trunk: torch.nn.Module, **options: Any) -> torch.nn.Module:
    """A reference implementation around our trunk."""
    name = TRUNKS[net][1]
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        monkeypatch.setattr(torchvision.models, name, lambda **_: types.SimpleNamespace(features=trunk))
        model: torch.nn.Module = make(net=net, **options)
    return model.eval()


@pytest.mark.parametrize("net", TRUNKS)
def test_values_are_those_of_the_lpips_package(net: str, trunks: dict[str, torch.nn.Module], pair: MakePair) -> None:
    reference, completed = pair(3, 48, 72)
    theirs = with_trunk(import_module("lpips").LPIPS, net, trunks[net], verbose=False)

    values = bench.metrics.lpips(reference, completed, net=net)  # type: ignore[arg-type] # one of the three

    with torch.no_grad():
        expected = theirs(*(picture / 127.5 - 1 for picture in (reference, completed))).flatten()
    assert values.dtype == torch.float64
    torch.testing.assert_close(values, expected.double(), rtol=1e-5, atol=0)
    assert values.min() > 0.003  # there is something to agree on


def test_values_are_those_of_torchmetrics(trunks: dict[str, torch.nn.Module], pair: MakePair) -> None:
    module = import_module("torchmetrics.functional.image.lpips")
    reference, completed = pair(3, 64, 64, seed=1)
    theirs = with_trunk(module._NoTrainLpips, "alex", trunks["alex"])

    with torch.no_grad():
        expected = theirs(reference / 255, completed / 255, normalize=True).flatten()

    torch.testing.assert_close(bench.metrics.lpips(reference, completed), expected.double(), rtol=1e-5, atol=0)


@pytest.mark.usefixtures("trunks")
@pytest.mark.parametrize("net", ["alex", "squeeze"])
def test_bits_do_not_depend_on_batch_order_or_threads(net: str, pair: MakePair, threads: Callable[[int], None]) -> None:
    reference, completed = pair(5, 65, 90)
    network = Lpips(net)  # type: ignore[arg-type] # one of the three
    order = [3, 1, 4, 0, 2]

    def values(pictures: list[int]) -> list[float]:
        a, b = (network.features(batch[pictures]) for batch in (reference, completed))
        return network.distance(a, b).tolist()

    threads(1)
    together = values(list(range(5)))
    for count in (2, 3):
        threads(count)
        assert torch.get_num_threads() == count
        assert values(list(range(5))) == together
        assert torch.get_num_threads() == count
    assert values(order) == [together[index] for index in order]
    assert [values([index])[0] for index in range(5)] == together


@pytest.mark.usefixtures("trunks")
def test_bits_do_not_depend_on_where_features_come_from_or_how_pictures_lie(pair: MakePair, tmp_path: Path) -> None:
    reference, completed = pair(2, 48, 64)
    network = Lpips("alex")
    features = network.features(completed)
    expected = network.distance(network.features(reference), features)

    for _ in range(2):  # computed, then read from disk
        cached = FeatureCache(tmp_path, memory_bytes=0).features(network, reference)
        assert torch.equal(network.distance(cached, features), expected)
        of_each = FeatureCache(tmp_path, memory_bytes=0).features_of_each(network, reference)
        assert torch.equal(network.distance_from(of_each, completed), expected)
        assert torch.equal(network.distance_from(of_each[1:], completed[1:]), expected[1:])
    rows_first = reference.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    assert torch.equal(network.distance(network.features(rows_first), features), expected)


@pytest.mark.usefixtures("trunks")
def test_equal_pictures_are_0_apart_and_the_distance_is_symmetric(pair: MakePair) -> None:
    reference, completed = pair(2, 40, 40)

    assert bench.metrics.lpips(reference, reference).tolist() == [0, 0]
    there, back = bench.metrics.lpips(reference, completed), bench.metrics.lpips(completed, reference)
    assert torch.equal(there, back)


@pytest.mark.usefixtures("trunks")
def test_no_random_number_is_drawn_and_no_warning_given() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()

    Lpips("squeeze")

    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.usefixtures("trunks")
@pytest.mark.parametrize(("net", "smallest"), [("alex", 31), ("vgg", 16), ("squeeze", 17)])
def test_pictures_that_are_too_small_are_refused(net: str, smallest: int) -> None:
    network = Lpips(net)  # type: ignore[arg-type] # one of the three

    assert len(network.features(torch.zeros(1, 3, smallest, 40, dtype=torch.uint8))) == (7 if net == "squeeze" else 5)
    with pytest.raises(DataError, match=f"must be at least {smallest}x{smallest} pixels; found {smallest - 1}x40"):
        network.features(torch.zeros(1, 3, smallest - 1, 40, dtype=torch.uint8))


@pytest.mark.usefixtures("trunks")
def test_wrong_arguments_are_named(pair: MakePair) -> None:
    reference, completed = pair(2, 40, 40)

    with pytest.raises(DataError, match=r"looks like -1 to 1"):
        bench.metrics.lpips(reference, completed / 127.5 - 1)
    with pytest.raises(UnknownName, match="Did you mean alex"):
        bench.metrics.lpips(reference, completed, net="alexx")  # type: ignore[arg-type]
    network = Lpips("alex")
    with pytest.raises(DataError, match="features_b must have the shapes"):
        network.distance(network.features(reference), network.features(completed[:1]))
    with pytest.raises(DataError, match="at least one"):
        network.features(reference[:0])


def test_weights_that_are_missing_or_of_another_network_are_no_reason_to_guess(
    trunks: dict[str, torch.nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("vgg16", {"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path, monkeypatch)
    with pytest.raises(DataError, match="must hold the weights of LPIPS"):
        Lpips("vgg")

    (tmp_path / "vgg16.pth").unlink()
    with pytest.raises(WeightsMissing, match=r"vgg16\.pth.*SPGBENCH_WEIGHTS"):
        Lpips("vgg")


def test_the_fingerprint_tells_weights_and_networks_apart(
    trunks: dict[str, torch.nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {net: Lpips(net).fingerprint for net in ("alex", "squeeze")}
    assert Lpips("alex").fingerprint == before["alex"]
    state = {f"features.{key}": tensor * 1.001 for key, tensor in trunks["alex"].state_dict().items()}

    publish("alexnet", state, tmp_path, monkeypatch)

    assert len({Lpips("alex").fingerprint, *before.values()}) == 3


@pytest.mark.usefixtures("trunks")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_agrees_with_the_cpu(pair: MakePair) -> None:
    reference, completed = pair(3, 64, 64)

    on_gpu = bench.metrics.lpips(reference.cuda(), completed.cuda())

    assert on_gpu.device.type == "cuda"
    torch.testing.assert_close(on_gpu.cpu(), bench.metrics.lpips(reference, completed), rtol=1e-4, atol=1e-7)
