"""docs/metrics.md, made from the declarations: `python -m bench.metrics.page > docs/metrics.md`."""

from __future__ import annotations

import sys

from bench.metrics.declarations import BAND_SHARE, BUILT_IN, MetricDeclaration, boundary_width
from bench.vocabulary import REGIONS, Region

__all__ = ["render"]

_INTRODUCTION = """\
# Metrics

<!-- Made by `python -m bench.metrics.page > docs/metrics.md`; edit bench/metrics/declarations.py or page.py. -->

Every metric is computed for each image on uint8 RGB values. A model's float output is rounded to the nearest level
(half to even) and clipped before; truncation would bias every pixel by half a level. The exceptions are `label-...`:
they compare the label maps that a model completes, if it does, with the true ones.

| metric | unit | better | range | version |
|---|---|---|---|--:|
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
)
_SIZES = ((256, 256), (256, 512), (512, 1024), (1024, 2048))


def render() -> str:
    """The whole page, Markdown."""
    regions = _REGIONS.format(
        share=f"{BAND_SHARE:.0%}",
        widths=", ".join(f"{boundary_width(*size)} px at {size[0]}x{size[1]}" for size in _SIZES),
        signatures="\n".join(BUILT_IN[name].signature(region, 256, 256) for name, region in _EXAMPLES),
    )
    metrics = BUILT_IN.values()
    return _INTRODUCTION + "".join(map(_row, metrics)) + regions + "".join(map(_section, metrics)) + _SETS + _OTHERS


def _row(metric: MetricDeclaration) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    return f"| `{metric.name}` | {metric.unit or '-'} | {better} | {metric.value_range} | {metric.version} |\n"


def _section(metric: MetricDeclaration) -> str:
    tolerance = f"{metric.tolerance:.0e} {metric.unit}".strip().replace("e-0", "e-")
    return f"""
### `{metric.name}`: {metric.summary}

{metric.definition}

- Regions: {", ".join(f"`{region}`" for region in metric.regions)}.
- A test holds it to within {tolerance} of {metric.reference}.
- Blind spots: {metric.blind_to}
"""


if __name__ == "__main__":
    sys.stdout.write(render())
