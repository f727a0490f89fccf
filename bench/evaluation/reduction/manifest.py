"""What reducing the cells of a plan needs, found out while the pictures, the models and the judge are at hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bench.evaluation.fills.cases import ranked_by
from bench.evaluation.judging import undefined_reasons
from bench.evaluation.plan import SHARD_SIZE, Plan
from bench.fingerprint import fingerprint_files
from bench.records.manifest import Manifest, ProtocolManifest
from bench.vocabulary import Protocol

__all__ = ["make_manifest"]

_PACKAGES = ("bench", "baselines", "spgnet")


def make_manifest(plan: Plan, shares: int = 1) -> Manifest:
    """The manifest of a plan.

    Args:
        shares: in how many shares the run is cut by hand.
    """
    return Manifest(
        code=_code(),
        samples=tuple(plan.revisions),
        revisions=tuple(plan.revisions.values()),
        shard_size=SHARD_SIZE,
        classes=plan.measurement.classes,
        protocols={protocol.name: _of_protocol(plan, protocol) for protocol in plan.protocols},
        shares=shares,
    )


def _of_protocol(plan: Plan, protocol: Protocol) -> ProtocolManifest:
    measured, signatures = plan.measurements[protocol.name], plan.signatures_under(protocol)
    cells = [cell for cell in plan.cells if cell.protocol.name == protocol.name]
    return ProtocolManifest(
        asked=plan.asked[protocol.name],
        signatures=signatures,
        values=tuple(sorted(measured.keys_of_images)),
        features=tuple(measured.feature_names),
        sets=tuple(metric.name for metric in measured.of_sets),
        refused=dict(measured.refused),
        undefined=undefined_reasons(signatures, measured.judge, plan.dataset),
        labels={cell.model.name: cell.called.label_sources.as_dict() for cell in cells},
        ranked_by=ranked_by(plan, protocol)[0],
    )


@cache
def _code() -> str:
    """Hash of the source text of the three packages, which does not change while a process runs."""
    root = Path(__file__).parents[3]
    return fingerprint_files(root, (file for package in _PACKAGES for file in (root / package).rglob("*.py")))
