"""What metrics, data sets and protocols are called in tables, plots and grids, and in which order metrics stand."""

from __future__ import annotations

from bench.records import RunInfo
from bench.records.profile import Configuration
from bench.reporting.formatting import TIMES
from bench.vocabulary import REGIONS

__all__ = [
    "ceiling_of",
    "column_order",
    "dataset_title",
    "is_ceiling",
    "metric_title",
    "protocol_title",
    "resolution_title",
    "size_title",
]

_METRIC_TITLES = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "ms-ssim": "MS-SSIM",
    "l1": "L1",
    "l1-relative": "Relative L1",
    "gradient": "Gradient error",
    "lpips-alex": "LPIPS (Alex)",
    "lpips-vgg": "LPIPS (VGG)",
    "lpips-squeeze": "LPIPS (Squeeze)",
    "fid": "FID",
    "fid-clean": "FID (clean)",
    "kid": "KID",
    "p-ids": "P-IDS",
    "u-ids": "U-IDS",
    **{
        f"{whose}-{score}": f"{title} {what}"
        for whose, title in (("judge", "Judge"), ("label", "Label"))
        for score, what in {
            "accuracy": "accuracy",
            "miou": "mIoU",
            "boundary-iou": "boundary IoU",
            "boundary-f": "boundary F",
            **{f"trimap-miou-{width}": f"trimap mIoU {width}" for width in (5, 10, 20, 40)},
            "hd95": "HD95",
            "assd": "ASSD",
        }.items()
    },
}
"""Also the order of the columns; a metric that is not listed comes after these, under its own name."""

_CEILING = "-ceiling"

_REGION_ORDER = ("hole", "boundary", "full", "known")


def metric_title(key: str) -> str:
    """`psnr.hole` as `PSNR hole`."""
    metric, _, region = key.partition(".")
    return f"{_METRIC_TITLES.get(metric, metric)} {region}".strip()


def is_ceiling(key: str) -> bool:
    """Whether `metric.region` is what a judge sees in untouched pictures: the same number for every model."""
    return key.partition(".")[0].endswith(_CEILING)


def ceiling_of(key: str) -> str:
    """`judge-miou.hole` to `judge-miou-ceiling.hole`."""
    metric, dot, region = key.partition(".")
    return f"{metric}{_CEILING}{dot}{region}"


def column_order(key: str) -> tuple[int, str, int]:
    """Sort key of `metric.region`: by metric, then hole, boundary, full, known."""
    metric, _, region = key.partition(".")
    known = list(_METRIC_TITLES)
    rank = known.index(metric) if metric in known else len(known)
    return rank, metric, _REGION_ORDER.index(region) if region in REGIONS else len(_REGION_ORDER)


def dataset_title(info: RunInfo) -> str:
    """`streets, test split, 256 x 256, 40 pictures`."""
    dataset = info.dataset
    height, _, width = dataset.size.partition("x")
    size = size_title(height, width or height) if height.isdigit() else f"{height} size"
    return f"{dataset.name}, {dataset.split} split, {size}, {dataset.n} picture{'s' if dataset.n != 1 else ''}"


def size_title(height: int | str, width: int | str) -> str:
    """`512 x 1024`, height first."""
    return f"{height} {TIMES} {width}"


def resolution_title(configuration: Configuration) -> str:
    """`512 x 1024`: what a profile's pictures are in size."""
    return size_title(configuration.height, configuration.width)


def protocol_title(protocol: str, hole_share: float | None) -> str:
    """`center-50@1, 25.0 % missing`."""
    return protocol if hole_share is None else f"{protocol}, {100 * hole_share:.1f} % missing"
