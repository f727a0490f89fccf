from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bench.evaluation.reuse.recorded_cell import Outline, RecordedCell
from bench.evaluation.reuse.selection import drawn_of, select
from bench.records import Record
from bench.records.cell_store import Results, SampleResult
from bench.records.schema import Status

NAMES = ("a", "b", "c", "d")
PROTOCOL: Any = SimpleNamespace(name="center-50")
CELL: Any = SimpleNamespace(protocol=PROTOCOL)
METRIC: Any = SimpleNamespace(name="psnr")
MEASUREMENT: Any = SimpleNamespace(
    keys_of_images=("psnr.hole",), feature_names=(), of_images=[METRIC], regions_of=lambda _: ("hole",)
)
PLAN: Any = SimpleNamespace(
    revisions=dict.fromkeys(NAMES[:3], "now"),
    measurements={"center-50": MEASUREMENT},
    suite=SimpleNamespace(metrics=("psnr",)),
)
HASHES = st.sampled_from(["x", "y"])
STATUSES: list[Status] = ["ok", "ok", "failed", "skipped"]
NO_VALUE = -1.0


@st.composite
def records(draw: st.DrawFn, sample: str) -> Record:
    status = draw(st.sampled_from(STATUSES))
    revision = draw(st.sampled_from(["now", "now", "before"]))
    if status == "skipped":
        return Record(sample, status, draw(HASHES), revision=revision)
    shown: dict[str, Any] = {"image_sha256": draw(HASHES), "hole_sha256": draw(HASHES), "output_sha256": "o"}
    values = draw(st.sampled_from([{"psnr.hole": 20.0}, {"psnr.hole": 30.0}, {"l1.hole": 1.0}]))
    return Record(sample, status, **shown, revision=revision, values=values if status == "ok" else {})


@st.composite
def all_results(draw: st.DrawFn) -> Results:
    some = {name: draw(st.lists(records(name), max_size=3)) for name in NAMES}
    return {name: [SampleResult(record) for record in found] for name, found in some.items() if found}


DRAWN = st.dictionaries(
    st.tuples(st.sampled_from(["center-50", "freeform"]), st.sampled_from(NAMES)),
    st.one_of(st.tuples(HASHES, HASHES, st.just(""), st.just("")), HASHES.map(lambda why: ("", why, "", ""))),
)
OLD = SampleResult(Record("a", "ok", "", 0, "x", "old hole", revision="now", values={"psnr.hole": 20.0}))
NEW = SampleResult(Record("a", "ok", "", 0, "x", "hole", revision="now", values={"l1.hole": 0.1}))


def outlines(results: dict[str, SampleResult], *, with_output: bool) -> dict[str, tuple[Any, ...]]:
    records = {name: result.record for name, result in results.items()}
    return {
        name: (drawn_of(one), one.values.get("psnr.hole", NO_VALUE), one.output_sha256 if with_output else "")
        for name, one in records.items()
    }


def plain(found: dict[str, Outline]) -> dict[str, tuple[Any, ...]]:
    """NaN equals nothing."""
    return {
        name: (one.drawn, one.value if one.value > 0 else NO_VALUE, one.output_sha256) for name, one in found.items()
    }


@example({"a": [OLD, NEW]}, {("center-50", "a"): ("x", "hole", "", "")})
@given(all_results(), DRAWN)
def test_an_outline_selects_as_the_results_themselves(results: Results, drawn: dict[tuple[str, str], Any]) -> None:
    found = RecordedCell.of(PLAN, CELL, results, {})

    for cell, hashes in ((found, {}), (found.drawn_again(PLAN, CELL, drawn), drawn)):
        expected = select(PLAN, CELL, results, hashes)
        assert plain(dict(cell.whole)) == outlines(dict(expected.whole), with_output=False)
        assert plain(dict(cell.partial)) == outlines(dict(expected.partial), with_output=True)
        assert cell.values.keys() == expected.whole.keys()
        of_skipped = {name for name, one in expected.whole.items() if one.record.status == "skipped"}
        assert cell.settled == expected.whole.keys() - of_skipped
    assert found.names == results.keys() & PLAN.revisions.keys()


def test_what_cells_have_in_common_lies_in_memory_once() -> None:
    shared: dict[Any, Any] = {}
    equal = ["".join(["h", "ole"]) for _ in range(2)]
    results = [{"a": [SampleResult(Record("a", "failed", "", 0, "x", hole, revision="now"))]} for hole in equal]

    one, other = (RecordedCell.of(PLAN, CELL, found, shared) for found in results)

    assert one.whole["a"].drawn is other.whole["a"].drawn
