"""docs/metrics.md, made from the definitions: `python -m bench.metrics.page > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby

from bench.metrics.catalogue import BUILT_IN, family_modules
from bench.metrics.definition import MetricDefinition
from bench.metrics.segmentation.families import LABEL_FAMILIES, LabelScore
from bench.metrics.width import BOUNDARY_SHARE, boundary_width
from bench.vocabulary import REGIONS, Region

__all__ = ["render"]

_INTRODUCTION = """\
# Metrics

<!-- Made by `python -m bench.metrics.page > docs/metrics.md`; edit the metric's own file or page.py. -->

Every metric is computed for each image on uint8 RGB values. A model's float output is rounded to the nearest level
(half to even) and clipped before; truncation would bias every pixel by half a level. [Scores of label
maps](#scores-of-label-maps) compare what a model or a judge takes the hole's pixels for with the true labels.

| metric | title | unit | better | range | version |
|---|---|---|---|---|--:|
"""

_REGIONS = """
## Regions

| region | picture | pixels |
|---|---|---|
| `full` | composited: the output in the hole, the truth elsewhere | all |
| `hole` | composited | the hole |
| `boundary` | composited | hole pixels near a boundary between two different true labels |
| `known` | the raw output outside the hole, the truth inside it | all but the hole |

- `full` mixes a model's quality with the size of the hole: PSNR in `full` is exactly -10 log10(hole share) above PSNR
  in `hole`, 6.02 dB for a quarter. Compare models in `hole`.
- `boundary`: a pixel touches a boundary when one of its four neighbours has another label; borders of unlabelled (void)
  pixels are none. The band holds the pixels whose Euclidean distance to a touching pixel is below w, so w pixels on
  each side of a straight boundary. w is {share} of the diagonal, rounded, at least 1:
  {widths}. Undefined without labels.
- `known` tells whether a model leaves alone what it was given. The truth is put into the hole first, so no error in the
  hole reaches a window of SSIM. A model whose known pixels are right scores PSNR infinity, SSIM 1, L1 0.

## Infinite and undefined values

- PSNR of equal pixels is infinity. It is neither capped nor smoothed by an epsilon.
- A value is undefined (NaN) where its region has no pixel: no hole, no boundary in it, no labels, or for SSIM no pixel
  whose window lies inside the picture.
- The score of a cell is the mean over its finite values. How many were infinite (`n_infinite`) and undefined
  (`n_undefined`) stands beside it, since a mean over fewer images is another number.

## Signatures

A score carries all that it depends on; two scores may be compared when their signatures are equal. For 256x256:

```text
{signatures}
```

## Definitions
"""

_LABELS = """
## Scores of label maps

Label maps inside the hole, held against the true labels:

| metric | what is held against them |
|---|---|
{families}

A *judge* is a segmenter that no evaluated model uses: `--judge NAME`, or the one that ships for the data set. Every
number of it stands beside its ceiling; the distance between them is what the model has lost. Values are of one image;
classes that neither map has where the score looks are undefined and in no mean. Records hold `judge-miou.hole` and, for
each class where it is defined, `judge-miou.hole.CLASS`; `cell.json` has the means of both, with the number of pictures
behind each. Boundaries are found in the whole map and counted in the hole, so the hole's edge is none. Widths are
shares of the diagonal, and signatures print the pixels.

| score | unit | better | range | looks at |
|---|---|---|---|---|
{scores}
"""

_SETS = """
## Distances between sets of pictures

Functions of stored features, float [N, D], one row a picture: tensors or arrays, computed in float64. Features that are
not finite, or the same in all rows, are refused. Print N beside every value.

- `bench.metrics.fid(a, b)`: Fréchet distance between two Gaussians, covariances with N - 1. The trace of the matrix
  square root is taken as a sum of singular values, so nothing is approximated and small N are fast. A test holds it to
  a relative 1e-6 of the formula with `scipy.linalg.sqrtm`. Blind spots: it is biased upwards, the more the fewer
  pictures; compare values of one N only.
- `bench.metrics.kid(a, b, subsets=100, subset_size=1000, seed=0)`: unbiased MMD² under the kernel (x·y / D + 1)³, mean
  over seeded random subsets, and its standard error. A subset holds at most half of the smaller set; a larger
  `subset_size` is reduced to that. A test holds it to a relative 1e-9 of torchmetrics `poly_mmd` on the same subsets.
  The error is that of other pictures (a delete-d jackknife), not the spread over subsets that other tools print: a test
  compares it with the spread over repeated draws of the pictures. Near 0 it is too large rather than too small.
- `bench.metrics.ids(real, fake)`: P-IDS and U-IDS, scikit-learn `LinearSVC(dual=False)` fitted to and scored on the
  same features, in pairs. Fewer than 5000 pictures in both sets together are refused unless `allow_few=True`: a plane
  through 2048 features separates nearly any sets of that size, and both scores are 0 whatever the model.
"""

_OTHERS = """
## Numbers of other evaluators

The same name often hides another number. Before setting one of ours beside one from a paper, find out how it was made.

| evaluator | what differs from ours |
|---|---|
| LaMa | SSIM with zero padding, borders included; pictures truncated to uint8, not rounded |
| MAT | the same SSIM window and crop; PSNR of each image, infinity possible |
| EdgeConnect | PSNR on grey; SSIM on grey with a uniform window of 51; MAE is `l1-relative` on grey |
| AOT-GAN | SSIM with scikit-image's default uniform window of 7; MAE is `l1-relative` |
| ZITS | PSNR is `1 - 10 log10(MSE + 1e-7)`: 1 dB too high, capped at 71 dB; SSIM on grey from swapped channels |
| MMagic | L1 over the hole only, PSNR over the picture; one exact image makes the mean PSNR infinite |
| IQA-PyTorch | `ssim` is on luma (`ssimc` is RGB); PSNR capped at 80 dB by an epsilon |
| torchmetrics | PSNR pools the squared error of all images by default; SSIM and MS-SSIM count reflected borders |
| scikit-image | SSIM's defaults: uniform window of 7, sample covariance |
"""

_EXAMPLES: tuple[tuple[str, Region], ...] = (
    *(("psnr", region) for region in REGIONS),
    ("ssim", "hole"),
    ("l1", "hole"),
    ("judge-boundary-iou", "hole"),
)
_SIZES = ((256, 256), (256, 512), (512, 1024), (1024, 2048))


def render(metrics: Iterable[MetricDefinition] = tuple(BUILT_IN.values())) -> str:
    """The whole page, Markdown, of the built-in metrics or of others."""
    scores, of_labels = _label_scores()
    regions = _REGIONS.format(
        share=f"{BOUNDARY_SHARE:.0%}",
        widths=", ".join(f"{boundary_width(*size)} px at {size[0]}x{size[1]}" for size in _SIZES),
        signatures="\n".join(BUILT_IN[name].signature(region, 256, 256) for name, region in _EXAMPLES),
    )
    pictures = [metric for metric in metrics if metric.name not in of_labels]
    labels = _LABELS.format(
        families="\n".join(f"| `{family.form.format('...')}` | {family.definition} |" for family in LABEL_FAMILIES),
        scores="\n".join(map(_label_row, scores)),
    )
    same_definition = [list(group) for _, group in groupby(scores, key=lambda score: score.definition)]
    sections = [*map(_section, pictures), labels, *map(_label_section, same_definition), _SETS, _OTHERS]
    return _INTRODUCTION + "".join(map(_row, pictures)) + regions + "".join(sections)


def _label_scores() -> tuple[list[LabelScore], set[str]]:
    """The scores of label maps in order, and the names of the metrics that they make."""
    modules = list(family_modules("segmentation"))
    scores = sorted((score for module in modules for score in getattr(module, "SCORES", ())), key=lambda one: one.order)
    return scores, {metric.name for module in modules for metric in getattr(module, "DEFINITIONS", ())}


def _label_row(score: LabelScore) -> str:
    better = "higher" if score.higher_is_better else "lower"
    width = "the hole"
    if score.width:
        pixels = ", ".join(f"{score.width.pixels(*size)} px at {size[0]}x{size[1]}" for size in _SIZES)
        width = f"{score.width.share:.1%} of the diagonal: {pixels}"
    return f"| `{score.name}` | {score.unit} | {better} | {score.value_range} | {width} |"


def _label_section(scores: Sequence[LabelScore]) -> str:
    """One for scores that differ in their width alone."""
    score = scores[0]
    title = f": {score.summary}" if len(scores) == 1 else ""
    return f"""
### {", ".join(f"`{one.name}`" for one in scores)}{title}

{score.definition}

- A test holds it to within {_tolerance(score.reference_tolerance, score.unit)} of {score.reference}.
- Blind spots: {score.blind_to}
"""


def _row(metric: MetricDefinition) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    cells = (f"`{metric.name}`", metric.title, metric.unit or "-", better, metric.value_range, str(metric.version))
    return f"| {' | '.join(cells)} |\n"


def _section(metric: MetricDefinition) -> str:
    tolerance = _tolerance(metric.reference_tolerance, metric.unit)
    return f"""
### `{metric.name}`: {metric.summary}

{metric.definition}

- Regions: {", ".join(f"`{region}`" for region in metric.regions)}.
- A test holds it to within {tolerance} of {metric.reference}.
- Blind spots: {metric.blind_to}
"""


def _tolerance(tolerance: float, unit: str) -> str:
    return f"{tolerance:.0e} {unit}".strip().replace("e-0", "e-")


if __name__ == "__main__":
    sys.stdout.write(render())
