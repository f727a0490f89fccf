"""P-IDS and U-IDS (Zhao et al., 2021): how often a linear SVM takes a completed picture for real."""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.distribution.fid import NETWORK, RESIZE

__all__ = ["DEFINITIONS"]

DEFINITIONS = tuple(
    MetricDefinition(
        name=f"{name}-ids",
        title=f"{name.upper()}-IDS",
        unit="%",
        higher_is_better=True,
        summary=f"{kind} inception discriminative score: how often an SVM takes a completed picture for real",
        definition=(
            "Zhao et al., 2021: a linear SVM (scikit-learn `LinearSVC(dual=False)`) is fitted to the features of "
            f"`fid` of both sets and scored on the same ones; {formula}. Fewer than 2,500 pictures are refused: a "
            "plane through 2,048 features separates nearly any two sets of that size."
        ),
        value_range="0 to about 50",
        reference="scikit-learn on the same features",
        reference_tolerance=1e-9,
        blind_to="Everything at small N, where it is 0 whatever the model. How bad a detected fill is.",
        implementation="bench.metrics.set_distances:ids_of_sets",
        order=220 + place,
        regions=("full",),
        parameters=(NETWORK, RESIZE["fid"], ("svm", "linear,dual=no")),
        options=(("paired", name == "p"),),
        tolerance=0.1,
        aggregate="set",
        features="fid",
        needs=("inception",),
    )
    for place, (name, kind, formula) in enumerate(
        (
            ("p", "paired", "the share of pictures that look more real to it completed than untouched"),
            ("u", "unpaired", "the share of all pictures on the wrong side"),
        )
    )
)
