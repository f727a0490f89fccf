"""The metrics of deep features and of several fills, in data: LPIPS, diversity, distances between sets of pictures."""

from __future__ import annotations

from bench.metrics.metric_declaration import MetricDeclaration

__all__ = ["FILLS_METRICS", "PERCEPTUAL_METRICS", "SET_METRICS"]

_FILLS = 4

_NETS = {
    "alex": ("AlexNet", "the usual one, and the one of its paper's table"),
    "vgg": ("VGG-16", "what LaMa reports"),
    "squeeze": ("SqueezeNet 1.1", "the lightest"),
}
_INCEPTION = ("network", "inception-2015-12-05")
_RESIZE = {"fid": ("resize", "tf1-bilinear"), "fid-clean": ("resize", "pillow-bicubic")}
_BIAS = (
    "Biased upwards, the more the fewer pictures: with fewer than the 2,048 features values are large, and only those "
    "of one N can be compared; N is in the signature. Whether a fill belongs to its own picture."
)

PERCEPTUAL_METRICS = tuple(
    MetricDeclaration(
        name=f"lpips-{net}",
        unit="",
        higher_is_better=False,
        summary=f"learned perceptual distance on {title}, version 0.1: {use}",
        definition=(
            f"Zhang et al., 2018: features of {title} at every layer, scaled to unit length in the channels; squared "
            "differences, weighted by the learned linear layers of version 0.1, summed over channels, averaged over "
            "the picture, summed over layers. RGB scaled to -1 to 1."
        ),
        value_range="0 to about 1; exactly 0 for equal pictures",
        reference="`lpips.LPIPS` and torchmetrics with the same weights, relative",
        tolerance=1e-5,
        blind_to=(
            "How large the hole is hides in it, as in every metric of the whole picture. It forgives shifted texture, "
            "and also wrong objects of the right texture."
        ),
        implementation="bench.metrics.deep_features:lpips_by_region",
        regions=("full",),
        parameters=(("net", net), ("lpips", "0.1"), ("input", "-1..1")),
        options=(("net", net),),
        needs=(f"lpips-{net}",),
    )
    for net, (title, use) in _NETS.items()
)

_ONE_FILL = "For models that give several fills of a hole; undefined for others."

FILLS_METRICS = (
    MetricDeclaration(
        name="diversity-lpips-alex",
        unit="",
        higher_is_better=True,
        summary=f"how much {_FILLS} fills of one hole differ: mean LPIPS between all pairs of them",
        definition=(
            f"`lpips-alex` between all pairs of {_FILLS} composited fills of one hole, and the mean, after BicycleGAN "
            f"(Zhu et al., 2017). {_ONE_FILL}"
        ),
        value_range="0 to about 1; 0 for equal fills",
        reference="`lpips.LPIPS` of all pairs, relative",
        tolerance=1e-5,
        blind_to="Quality: noise is diverse. Read it beside a distance to the truth; it grows with the hole.",
        implementation="bench.metrics.several_fills:diversity_by_region",
        regions=("full",),
        parameters=(("net", "alex"), ("lpips", "0.1"), ("input", "-1..1"), ("fills", str(_FILLS))),
        needs=("lpips-alex",),
        fills=_FILLS,
    ),
    MetricDeclaration(
        name=f"best-of-{_FILLS}-psnr",
        unit="dB",
        higher_is_better=True,
        summary=f"PSNR of the best of {_FILLS} fills",
        definition=f"`psnr` of each of {_FILLS} fills of one hole, and the greatest. {_ONE_FILL}",
        value_range="0 to ∞; ∞ where the pixels are equal",
        reference="the greatest of `psnr`",
        tolerance=1e-9,
        blind_to="The other fills, and what `psnr` is blind to. More fills have a better best: compare equal numbers.",
        implementation="bench.metrics.several_fills:best_psnr_by_region",
        regions=("hole",),
        parameters=(("range", "255"), ("fills", str(_FILLS))),
        fills=_FILLS,
    ),
    MetricDeclaration(
        name=f"best-of-{_FILLS}-lpips-alex",
        unit="",
        higher_is_better=False,
        summary=f"LPIPS of the best of {_FILLS} fills",
        definition=f"`lpips-alex` of each of {_FILLS} fills of one hole, and the least. {_ONE_FILL}",
        value_range="0 to about 1; exactly 0 for equal pictures",
        reference="the least of `lpips.LPIPS`, relative",
        tolerance=1e-5,
        blind_to="The other fills, and what `lpips-alex` is blind to.",
        implementation="bench.metrics.several_fills:best_lpips_by_region",
        regions=("full",),
        parameters=(("net", "alex"), ("lpips", "0.1"), ("input", "-1..1"), ("fills", str(_FILLS))),
        needs=("lpips-alex",),
        fills=_FILLS,
    ),
)

SET_METRICS = (
    *(
        MetricDeclaration(
            name=kind,
            unit="",
            higher_is_better=False,
            summary=f"Fréchet distance between Inception features of all pictures, {resizing}",
            definition=(
                "Heusel et al., 2017: Gaussians fitted to the 2,048 last pooled Inception features of the untouched "
                f"and of the completed pictures, covariances with N - 1; pictures resized to 299x299 by {how}. The "
                "trace of the matrix root is a sum of singular values, exact in float64."
            ),
            value_range="0 to ∞",
            reference="the formula with `scipy.linalg.sqrtm`, relative (its features: 1e-6 of torch-fidelity's)",
            tolerance=1e-6,
            blind_to=_BIAS,
            implementation="bench.metrics.set_distances:fid_of_sets",
            regions=("full",),
            parameters=(_INCEPTION, _RESIZE[kind], ("ddof", "1")),
            aggregate="set",
            features=kind,
            needs=("inception",),
        )
        for kind, resizing, how in (
            ("fid", "resized as TensorFlow 1 did", "TensorFlow 1's bilinear filter without antialiasing"),
            ("fid-clean", "resized by an antialiased filter", "Pillow's bicubic filter in float, as clean-fid"),
        )
    ),
    MetricDeclaration(
        name="kid",
        unit="",
        higher_is_better=False,
        summary="kernel distance between Inception features of all pictures, unbiased at any N",
        definition=(
            "Binkowski et al., 2018: unbiased MMD² under the kernel (x·y / D + 1)³ of the features of `fid`, mean over "
            "100 random subsets of 1,000 pictures, or of half of them where that is fewer. The interval is 1.96 "
            "standard errors of a delete-d jackknife each side: of other pictures, not of other subsets."
        ),
        value_range="about 0 to ∞; a little below 0 is possible",
        reference="torchmetrics `poly_mmd` on the same subsets, relative",
        tolerance=1e-9,
        blind_to="Whether a fill belongs to its own picture; what Inception does not look at.",
        implementation="bench.metrics.set_distances:kid_of_sets",
        regions=("full",),
        parameters=(_INCEPTION, _RESIZE["fid"], ("subsets", "100"), ("subset-size", "1000"), ("seed", "0")),
        aggregate="set",
        features="fid",
        needs=("inception",),
    ),
    *(
        MetricDeclaration(
            name=f"{name}-ids",
            unit="%",
            higher_is_better=True,
            summary=f"{title} inception discriminative score: how often an SVM takes a completed picture for real",
            definition=(
                "Zhao et al., 2021: a linear SVM (scikit-learn `LinearSVC(dual=False)`) is fitted to the features of "
                f"`fid` of both sets and scored on the same ones; {formula}. Fewer than 2,500 pictures are refused: a "
                "plane through 2,048 features separates nearly any two sets of that size."
            ),
            value_range="0 to about 50",
            reference="scikit-learn on the same features",
            tolerance=1e-9,
            blind_to="Everything at small N, where it is 0 whatever the model. How bad a detected fill is.",
            implementation="bench.metrics.set_distances:ids_of_sets",
            regions=("full",),
            parameters=(_INCEPTION, _RESIZE["fid"], ("svm", "linear,dual=no")),
            options=(("paired", name == "p"),),
            aggregate="set",
            features="fid",
            needs=("inception",),
        )
        for name, title, formula in (
            ("p", "paired", "the share of pictures that look more real to it completed than untouched"),
            ("u", "unpaired", "the share of all pictures on the wrong side"),
        )
    ),
)
