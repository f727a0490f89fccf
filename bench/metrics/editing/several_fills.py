"""Several fills of one hole: whether each follows its label map, and how much they differ, in pixels and in labels.

Reference: NumPy means over fills and over pairs of fills; held to 1e-9 %.
"""

from __future__ import annotations

from functools import partial

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS", "FILLS"]

FILLS = 4
"""How many fills of a hole these metrics are taken of, as those of the perceptual ones."""

_ONLY = "For models that give several fills of a hole; undefined for others."

_several = partial(
    MetricDefinition,
    unit="%",
    higher_is_better=True,
    value_range="0 to 100",
    reference_tolerance=1e-9,
    regions=("hole",),
    needs_truth=False,
    tasks=("completion", "removal"),
    fills=FILLS,
)

DEFINITIONS = (
    _several(
        name=f"control-accuracy-of-{FILLS}",
        title=f"Control accuracy (mean of {FILLS})",
        summary=f"control accuracy of {FILLS} fills, each under a label map of its own",
        definition=(
            f"`control-accuracy` of each of {FILLS} fills of one hole against the label map that it was painted "
            f"under, and the mean. {_ONLY}"
        ),
        reference="the mean of `control-accuracy`",
        blind_to="Whether the fills differ, and what `control-accuracy` is blind to.",
        implementation="bench.metrics.editing.backends.several:control_accuracy",
        order=516,
        parameters=(("labels", "control"), ("void", "ignored"), ("fills", str(FILLS))),
        needs=("judge",),
    ),
    _several(
        name="diversity-l1",
        title="Diversity (L1)",
        summary=f"how much {FILLS} fills of one hole differ: mean absolute difference between all pairs of them",
        definition=(
            f"The mean absolute difference of all values of the hole, in % of 255, between all pairs of {FILLS} fills "
            f"of one hole, and the mean. {_ONLY}"
        ),
        reference="NumPy means of all pairs",
        blind_to="Quality, and what is different: another light counts, another object of like colours does not.",
        implementation="bench.metrics.editing.backends.several:l1_diversity",
        order=521,
        parameters=(("fills", str(FILLS)),),
    ),
    _several(
        name="diversity-labels",
        title="Diversity (judge's labels)",
        summary=f"how much {FILLS} fills of one hole differ: pixels that a judge labels differently, of all pairs",
        definition=(
            f"The share of the hole's pixels whose class in the judge's label maps differs, between all pairs of "
            f"{FILLS} fills of one hole, and the mean. {_ONLY}"
        ),
        reference="NumPy means of all pairs",
        blind_to="Quality, and differences within a class. What the judge confuses counts as a difference.",
        implementation="bench.metrics.editing.backends.several:label_diversity",
        order=522,
        parameters=(("labels", "judged"), ("fills", str(FILLS))),
        needs=("judge",),
    ),
)
