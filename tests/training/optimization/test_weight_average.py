from __future__ import annotations

import torch
from torch import nn

from bench.training.optimization.weight_average import WeightAverage


def network(value: float) -> nn.Linear:
    linear = nn.Linear(1, 1)
    nn.init.constant_(linear.weight, value)
    nn.init.constant_(linear.bias, -value)
    return linear


def set_to(linear: nn.Linear, value: float) -> None:
    with torch.no_grad():
        linear.weight.fill_(value)
        linear.bias.fill_(-value)


def test_average_follows_its_recursion() -> None:
    linear = network(0.0)
    average, expected = WeightAverage({"net": linear}, 0.9), 0.0
    for step, value in enumerate((1.0, 5.0, -2.0, 3.0) * 30, start=1):
        set_to(linear, value)
        average.prepare(step)
        average.update()
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
        torch.testing.assert_close(average.state()["net.weight"], torch.tensor([[expected]]), rtol=1e-5, atol=1e-6)


def test_average_of_constant_weights_is_these_weights() -> None:
    linear = network(2.0)
    average = WeightAverage({"net": linear}, 0.999)
    for step in range(1, 20):
        average.prepare(step)
        average.update()
    assert average.state()["net.bias"].item() == -2.0


def test_networks_hold_the_averages_only_inside() -> None:
    linear = network(0.0)
    average = WeightAverage({"net": linear}, 0.5)
    set_to(linear, 4.0)
    average.prepare(100)
    average.update()
    with average.applied():
        assert linear.weight.item() == 2.0
    assert linear.weight.item() == 4.0


def test_settling_keeps_the_averages() -> None:
    linear = network(0.0)
    average = WeightAverage({"net": linear}, 0.5)
    set_to(linear, 4.0)
    average.prepare(100)
    average.update()
    average.finalize()
    assert (linear.weight.item(), linear.bias.item()) == (2.0, -2.0)


def test_a_saved_average_goes_on_as_if_nothing_had_happened() -> None:
    linear = network(0.0)
    one = WeightAverage({"net": linear}, 0.9)
    set_to(linear, 1.0)
    one.prepare(1)
    one.update()
    other = WeightAverage({"net": linear}, 0.9)
    other.load({name: value.clone() for name, value in one.state().items()})
    set_to(linear, 7.0)
    one.prepare(2)
    one.update()
    other.prepare(2)
    other.update()
    assert torch.equal(one.state()["net.weight"], other.state()["net.weight"])
