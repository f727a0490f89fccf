from __future__ import annotations

from typing import Any

import torch

from baselines.edge_connect import EdgeConnect, edges_of
from bench.training.recipes.edge_connect import EdgeConnectRecipe
from tests.training.recipes.baselines import batch, recipe, stage


def painted_under(made: Any, name: str, monkeypatch: Any) -> torch.Tensor:
    """The edges that a stage hands to the fill generator."""
    seen: list[torch.Tensor] = []
    paint = EdgeConnect.paint

    def watch(self: EdgeConnect, image: torch.Tensor, hole: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        seen.append(edges)
        return paint(self, image, hole, edges)

    with monkeypatch.context() as patch:
        patch.setattr(EdgeConnect, "paint", watch)
        stage(made, name).forward(batch(side=64))
    (edges,) = seen
    return edges


def test_edges_then_fills_under_true_edges_then_under_drawn_ones(monkeypatch: Any) -> None:
    made, one = recipe(EdgeConnectRecipe, side=64), batch(side=64)
    assert [one.name for one in made.stages] == ["edges", "fill", "adapt"]
    true = edges_of(one.image, torch.zeros_like(one.hole))
    assert true[one.hole].any()

    fill, adapt = (painted_under(made, name, monkeypatch) for name in ("fill", "adapt"))

    assert torch.equal(fill, true)
    known = edges_of(one.hidden, one.hole)
    assert torch.equal(adapt.masked_fill(one.hole, 0), known)
    assert ((adapt[one.hole] > 0) & (adapt[one.hole] < 1)).all()


def test_true_edges_drawn_have_no_entropy() -> None:
    made, one = recipe(EdgeConnectRecipe, side=64), batch(side=64)
    edges = stage(made, "edges")
    made.networks["edge critic"].eval()  # in training its spectral norms change with every look
    true = edges.forward(one)["true"]

    terms = edges.losses("edge generator", one, {"true": true, "predicted": true})

    assert terms["cross_entropy"] == 0
    assert terms["matching"] == 0
    assert edges.losses("edge generator", one, {"true": true, "predicted": 1 - true})["cross_entropy"] > 1


def test_the_sample_grid_shows_edges_before_there_are_fills() -> None:
    made, one = recipe(EdgeConnectRecipe), batch()

    output = stage(made, "edges").predict(one)

    assert output.image is None
    assert output.extra["edges"].shape == one.image.shape
