"""Models to beat, each usable alone: no model here knows the harness that measures it.

The models without learned weights are modules with a plain function on NumPy arrays, imported when wanted so that this
package itself stays light:

    from baselines import biharmonic, mean, opencv, patchmatch

    mean.fill(image, hole)                # the mean colour of the known pixels: the floor
    opencv.telea(image, hole)             # fast marching (Telea 2004)
    opencv.navier_stokes(image, hole)     # isophote transport (Bertalmio et al. 2001)
    biharmonic.fill(image, hole)          # smooth surface completion (Damelin and Hoang 2018)
    patchmatch.fill(image, hole, seed=0)  # copied texture (Barnes et al. 2009)

They share one form, `fill(image, hole, *, seed=0) -> image`: `image` is uint8 [H, W, 3] RGB, `hole` is bool [H, W] with
True = missing, and the result is a new uint8 [H, W, 3] whose known pixels equal the input's. Hole pixels of the input
are never read. `ValueError` says what is wrong with an argument. `seed` matters only to a model that draws random
numbers.

The learned models are `nn.Module`s, a module each: `context_encoder`, `glcic`, `partial_conv`, `deepfill_v2`,
`edge_connect`, `lama`. All have the form of `network.InpaintingNetwork`, `network(image, hole) -> image` on float
[N, 3, H, W] in [0, 1] and bool [N, 1, H, W]; `weights` reads and writes what they have learned, and
`convert_checkpoints` takes over published weights.

Each module also has two constants that say all that its output depends on, for a harness that must tell when a stored
result is stale: `SOURCES`, the modules whose source text counts, and `LIBRARIES`, the distributions whose version does.
"""

from __future__ import annotations

__all__: list[str] = []
