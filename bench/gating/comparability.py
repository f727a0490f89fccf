"""Whether two numbers may be compared, and if not, what differs between them, spelled out."""

from __future__ import annotations

from typing import Any

from bench.errors import UsageError
from bench.gating.selection import Selection
from bench.records.values import CellValues

__all__ = ["hole_difference", "refuse_other_pictures", "signature_difference"]


def refuse_other_pictures(baseline: Selection, candidate: Selection) -> None:
    """Raises UsageError, with the difference, unless both runs are of the same pictures."""
    left, right = baseline.run.info.dataset, candidate.run.info.dataset
    if (left.name, left.revision) != (right.name, right.revision):
        fields = ("name", "split", "size", "limit", "n", "revision")
        pairs = ((name, getattr(left, name), getattr(right, name)) for name in fields)
        differences = [f"{name} {_short(one)} against {_short(other)}" for name, one, other in pairs if one != other]
        raise UsageError(
            f"runs {baseline.run.layout.out} and {candidate.run.layout.out}",
            "be of the same pictures",
            f"data sets with {', '.join(differences)}",
            "Run both on one data set.",
        )


def signature_difference(baseline: str, candidate: str) -> str:
    """What differs between two signatures, e.g. `sigma 1.5 against 2.0`; empty when nothing that matters does.

    How many pictures are behind a number (`n`) belongs to the number, not to its definition.
    """
    left, right = _fields(baseline), _fields(candidate)
    return ", ".join(
        f"{name} {left.get(name, 'not stated')} against {right.get(name, 'not stated')}"
        for name in [*left, *(name for name in right if name not in left)]
        if left.get(name) != right.get(name)
    )


def hole_difference(baseline: CellValues, candidate: CellValues) -> str:
    """Which common samples have other holes, pictures, removed objects, truths or edits; empty when none."""
    left, right = ((of.pictures, of.removed, of.edits) for of in (baseline, candidate))
    if baseline.cell.holes_sha256 == candidate.cell.holes_sha256 and left == right:
        return ""
    found = []
    for what, of_baseline, of_candidate in (
        ("holes", baseline.holes, candidate.holes),
        ("pixels", baseline.pictures, candidate.pictures),
        ("removed objects or truths", baseline.removed, candidate.removed),
        ("edited label maps", baseline.edits, candidate.edits),
    ):
        other = [
            sample
            for sample, row in baseline.row.items()
            if sample in candidate.row and _differ(of_baseline[row], of_candidate[candidate.row[sample]])
        ]
        if other:
            found.append(f"other {what} in {len(other)} of {len(baseline.samples)} pictures, such as {other[0]!r}")
    if not found and baseline.samples == candidate.samples and baseline.holes == candidate.holes:
        found.append("another hash over all holes")
    return ", ".join(found)


def _differ(left: str, right: str) -> bool:
    return left != right and bool(left) and bool(right)  # a sample that was skipped has no hole to differ


def _fields(signature: str) -> dict[str, str]:
    """`psnr|region:hole|v1|n:12` as `{"metric": "psnr", "region": "hole", "version": "v1"}`."""
    fields = {}
    for index, part in enumerate(signature.split("|")):
        name, colon, value = part.partition(":")
        if colon:
            fields[name] = value
        else:
            fields["metric" if index == 0 else "version" if name[:1] == "v" else name] = name
    fields.pop("n", None)
    return fields


def _short(value: Any) -> str:
    return str(value)[:12]
