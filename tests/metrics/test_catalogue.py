from __future__ import annotations

import dataclasses
import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

import bench.metrics
import bench.registry
from bench.errors import UnknownName, UsageError
from bench.metrics import (
    MetricDefinition,
    MetricKey,
    ceiling_of,
    class_keys,
    column_order,
    definition,
    is_ceiling,
    metric_title,
    signature,
    signatures,
    with_companions,
)
from bench.metrics.catalogue import BUILT_IN
from bench.metrics.page import render
from bench.registry import Registry
from bench.vocabulary import REGIONS

SSIM = "window:gauss11|sigma:1.5|k:0.01,0.03|cov:population|border:valid|channels:rgb|range:255"
REGIONS_OF = {
    **dict.fromkeys(("ms-ssim", "lpips-alex", "lpips-vgg", "lpips-squeeze"), ("full",)),
    **dict.fromkeys(("diversity-lpips-alex", "best-of-4-lpips-alex"), ("full",)),
    "best-of-4-psnr": ("hole",),
    **dict.fromkeys(("fid", "fid-clean", "kid", "p-ids", "u-ids"), ("full",)),
    **dict.fromkeys(("sliced-wasserstein", "precision", "recall", "density", "coverage"), ("full",)),
    **dict.fromkeys(("sliced-wasserstein-dinov2", "precision-dinov2", "coverage-dinov2"), ("full",)),
    **dict.fromkeys(("vif", "dists", "fd-dinov2", "clip-score"), ("full",)),
    "l1-relative": ("full", "hole"),
    "gradient": ("hole", "boundary"),
    **dict.fromkeys(("seam-gradient", "seam-colour", "lattice"), ("hole",)),
    **dict.fromkeys(("psnr", "ssim", "l1"), REGIONS),
}
LABEL_SCORES = {
    "accuracy": ("%", True),
    "miou": ("%", True),
    "boundary-iou": ("%", True),
    "boundary-f": ("%", True),
    **{f"trimap-miou-{share}": ("%", True) for share in (5, 10, 20, 40)},
    "hd95": ("px", False),
    "assd": ("px", False),
}


def test_signatures_are_pinned() -> None:
    assert signatures("psnr", 256, 256) == {
        "full": "psnr|region:full|range:255|agg:image-mean|cap:100|composite:yes|v1",
        "hole": "psnr|region:hole|range:255|agg:image-mean|cap:100|composite:yes|v1",
        "boundary": "psnr|region:boundary|band:4px|band-share:0.01|range:255|agg:image-mean|cap:100|composite:yes|v1",
        "known": "psnr|region:known|range:255|agg:image-mean|cap:100|composite:no|v1",
    }
    assert signature("ssim", "hole", 256, 512) == f"ssim|region:hole|{SSIM}|agg:image-mean|composite:yes|v1"
    assert (
        signature("ssim", "boundary", 256, 512)
        == f"ssim|region:boundary|band:6px|band-share:0.01|{SSIM}|agg:image-mean|composite:yes|v1"
    )
    assert signature("l1", "known", 64, 64) == "l1|region:known|range:255|agg:image-mean|composite:no|v1"
    assert (
        signature("ms-ssim", "full", 256, 256)
        == "ms-ssim|region:full|scales:5|weights:wang2003|window:gauss11|sigma:1.5|k:0.01,0.03|cov:population"
        "|border:valid|half:mean2x2|channels:rgb|range:255|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("l1-relative", "hole", 256, 256)
        == "l1-relative|region:hole|denominator:sum(a+b)|channels:rgb|agg:image-mean|composite:yes|v2"
    )
    assert (
        signature("label-miou", "hole", 256, 256)
        == "label-miou|region:hole|labels:predicted|void:ignored|classes:in-either|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("gradient", "boundary", 256, 256) == "gradient|region:boundary|band:4px|band-share:0.01"
        "|pairs:4-neighbours|norm:l1|channels:rgb|range:255|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("seam-gradient", "hole", 256, 256) == "seam-gradient|region:hole|width:2px|width-share:0.005"
        "|pairs:4-neighbours|scale:10log10(1+mse)|channels:rgb|range:255|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("seam-colour", "hole", 256, 256) == "seam-colour|region:hole|width:4px|width-share:0.01"
        "|space:cielab-d65|difference:cie76|window:2w+1|connectivity:4|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("judge-boundary-f", "hole", 256, 512) == "judge-boundary-f|region:hole|width:5px|width-share:0.008"
        "|labels:judged|void:ignored|classes:in-either|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("judge-assd-ceiling", "hole", 256, 256) == "judge-assd-ceiling|region:hole|labels:ceiling"
        "|void:ignored|classes:in-either|lacking:diagonal|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("lpips-alex", "full", 256, 256)
        == "lpips-alex|region:full|net:alex|lpips:0.1|input:-1..1|agg:image-mean|composite:yes|v1"
    )
    assert (
        signature("fid", "full", 256, 256)
        == "fid|region:full|network:inception-2015-12-05|resize:tf1-bilinear|ddof:1|agg:set|composite:yes|v1"
    )
    assert (
        signature("precision", "full", 256, 256) == "precision|region:full|network:inception-2015-12-05"
        "|resize:tf1-bilinear|k:3|balls:untouched,closed|agg:set|composite:yes|v1"
    )
    assert (
        signature("density-dinov2", "full", 256, 256) == "density-dinov2|region:full|network:dinov2-vit-l-14"
        "|resize:pillow-bicubic-224|k:5|balls:untouched,open|agg:set|composite:yes|v1"
    )


def test_a_judge_is_never_without_its_ceiling() -> None:
    assert with_companions(["judge-miou", "psnr", "judge-hd95", "judge-miou"]) == (
        "judge-miou",
        "judge-miou-ceiling",
        "psnr",
        "judge-hd95",
        "judge-hd95-ceiling",
    )


def test_keys_of_classes_have_no_dots_and_stand_once() -> None:
    assert class_keys(("road", "traffic light", "n.a.", "traffic.light", " ")) == (
        "road",
        "traffic-light",
        "n-a",
        "traffic-light-3",
        "class",
    )


def test_another_version_is_another_signature() -> None:
    newer = dataclasses.replace(definition("psnr"), version=2)

    assert newer.signature("hole", 8, 8) == "psnr|region:hole|range:255|agg:image-mean|cap:100|composite:yes|v2"


def test_a_metric_has_no_signature_where_it_is_undefined() -> None:
    with pytest.raises(UsageError, match="region of psnr must be one of full, hole; found 'known'"):
        dataclasses.replace(definition("psnr"), regions=("full", "hole")).signature("known", 8, 8)


def test_directions_and_units() -> None:
    facts = {name: (definition(name).unit, definition(name).higher_is_better) for name in BUILT_IN}

    assert (
        facts
        | {
            "psnr": ("dB", True),
            "ssim": ("", True),
            "l1": ("%", False),
            "ms-ssim": ("", True),
            "l1-relative": ("", False),
            "gradient": ("%", False),
            "seam-gradient": ("dB", False),
            "seam-colour": ("dE", False),
            **{f"lpips-{net}": ("", False) for net in ("alex", "vgg", "squeeze")},
            "diversity-lpips-alex": ("", True),
            "best-of-4-psnr": ("dB", True),
            "best-of-4-lpips-alex": ("", False),
            "fid": ("", False),
            "fid-clean": ("", False),
            "kid": ("", False),
            "p-ids": ("%", True),
            "u-ids": ("%", True),
            "sliced-wasserstein": ("", False),
            "fd-dinov2": ("", False),
            "dists": ("", False),
            "sliced-wasserstein-dinov2": ("", False),
            **dict.fromkeys(("precision-dinov2", "coverage-dinov2"), ("", True)),
            **dict.fromkeys(("vif", "clip-score"), ("", True)),
            **dict.fromkeys(("precision", "recall", "density", "coverage"), ("", True)),
            **{f"label-{name}": facts for name, facts in LABEL_SCORES.items()},
            **{f"judge-{name}": facts for name, facts in LABEL_SCORES.items()},
            **{f"judge-{name}-ceiling": facts for name, facts in LABEL_SCORES.items()},
            "control-accuracy": ("%", True),
            "control-miou": ("%", True),
        }
        == facts
    )


@pytest.mark.parametrize(("name", "regions"), REGIONS_OF.items())
def test_regions_are_pinned(name: str, regions: tuple[str, ...]) -> None:
    assert definition(name).regions == regions


@pytest.mark.parametrize("family", ["label", "judge", "judge-{}-ceiling", "control"])
def test_label_maps_are_scored_in_the_hole(family: str) -> None:
    form = family if "{}" in family else family + "-{}"
    names = [form.format(score) for score in LABEL_SCORES]

    found = [BUILT_IN[name].regions for name in names if name in BUILT_IN]

    assert found
    assert set(found) == {("hole",)}


@pytest.mark.parametrize("metric", BUILT_IN.values(), ids=BUILT_IN)
def test_definitions_are_whole(metric: MetricDefinition) -> None:
    texts = (metric.summary, metric.definition, metric.value_range, metric.reference, metric.blind_to)

    assert all(text.strip() for text in texts)
    assert 0 < metric.reference_tolerance <= (1e-5 if "lpips" in metric.name else 1e-6)
    assert metric.title
    assert set(metric.regions) <= set(REGIONS)
    assert callable(metric.load() if metric.aggregate == "image-mean" else metric.load_distance())


def test_an_unknown_metric_is_told_its_neighbour() -> None:
    with pytest.raises(UnknownName, match=r"metric 'sim' must be a known name.*ssim"):
        definition("sim")


def plug_in() -> MetricDefinition:
    return dataclasses.replace(definition("psnr"), name="twice")


def not_a_plug_in() -> str:
    return "twice"


@pytest.mark.parametrize("target", ["plug_in", "not_a_plug_in"])
def test_plug_ins_add_metrics(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    registry: Registry[MetricDefinition] = Registry("metric", "spgbench.metrics")
    point = EntryPoint("twice", f"plugged:{target}", "spgbench.metrics")
    monkeypatch.setitem(sys.modules, "plugged", sys.modules[__name__])
    monkeypatch.setattr(bench.registry, "entry_points", lambda group: [point] if group == "spgbench.metrics" else [])
    monkeypatch.setattr("bench.metrics.catalogue.METRICS", registry)
    registry.add("psnr", "bench.metrics.catalogue:built_in", "PSNR", metric="psnr")

    if target == "plug_in":
        assert signature("twice", "hole", 8, 8).startswith("twice|region:hole|")
    else:
        with pytest.raises(UsageError, match="plug-in metric 'twice' must return the MetricDefinition of 'twice'"):
            definition("twice")


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"

    assert page.read_text(encoding="utf-8") == render(), "python -m docs.generator"


def test_listing_metrics_loads_nothing_heavy() -> None:
    code = (
        "import sys, bench.metrics, bench.metrics.page\n"
        "print([bench.metrics.signatures(entry.name, 256, 256) for entry in bench.metrics.METRICS])\n"
        "bench.metrics.page.render()\n"
        "assert not {'torch', 'numba', 'numpy', 'scipy', 'skimage'} & set(sys.modules), 'loaded'\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=Path(__file__).parents[2])


def test_every_public_name_is_there_and_no_module_hides_one() -> None:
    for module in pkgutil.iter_modules(bench.metrics.__path__):
        import_module(f"bench.metrics.{module.name}")

    assert dir(bench.metrics) == sorted(bench.metrics.__all__)
    assert not any(isinstance(getattr(bench.metrics, name), ModuleType) for name in bench.metrics.__all__)


def test_a_missing_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'lpipz'"):
        _ = bench.metrics.lpipz


def test_keys_are_read_as_they_are_written() -> None:
    keys = ("psnr.hole", "label-miou.hole.car", "fid.full")

    assert [str(MetricKey.parse(key)) for key in keys] == list(keys)
    assert MetricKey.parse("label-miou.hole.traffic-light") == MetricKey("label-miou", "hole", "traffic-light")


@pytest.mark.parametrize("text", ["psnr", "psnr.", ".hole", "psnr.middle", "psnr.hole.", "psnr.hole.a.b", ""])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"key of a metric must be METRIC.REGION or METRIC.REGION.CLASS"):
        MetricKey.parse(text)


def test_ceilings_are_told_by_their_definitions() -> None:
    assert ceiling_of("judge-miou") == "judge-miou-ceiling"
    assert [ceiling_of(name) for name in ("psnr", "label-miou", "judge-miou-ceiling", "unknown")] == [""] * 4
    assert [name for name in ("judge-hd95", "judge-hd95-ceiling", "psnr", "unknown") if is_ceiling(name)] == [
        "judge-hd95-ceiling"
    ]


def test_titles_and_order_of_tables() -> None:
    names = ["unknown", "label-miou", "judge-trimap-miou-5", "fid", "l1", "judge-miou", "psnr", "ssim"]

    assert sorted(names, key=column_order) == [
        *("psnr", "ssim", "l1", "fid", "judge-miou", "judge-trimap-miou-5", "label-miou", "unknown")
    ]
    assert [metric_title(name) for name in ("psnr", "judge-trimap-miou-5", "u-ids", "unknown")] == [
        *("PSNR", "Judge trimap mIoU 5", "U-IDS", "unknown")
    ]


def test_titles_stand_once() -> None:
    titles = [metric.title for metric in BUILT_IN.values()]

    assert len(set(titles)) == len(titles)


def test_few_pictures_have_a_note() -> None:
    few = definition("fid").few

    assert few
    assert few.of(2047) == (
        "N = 2047 is below the 2,048 features, mostly bias: compare it at the same N only, and read kid beside it"
    )
    assert few.of(2048) == ""
