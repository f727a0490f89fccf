"""Grids of tiles, contact sheets, the gallery, and the colours of label maps."""
