"""A picture of the layers, drawn from the contract that import-linter checks."""

from __future__ import annotations

import tomllib
from pathlib import Path

__all__ = ["contract", "picture"]

_WIDTH, _ROW, _GAP, _LEFT = 900, 44, 22, 20


def contract(pyproject: Path) -> list[list[str]]:
    """The layers from the top down, each the packages and modules of `bench` that stand side by side in it."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["type"] == "layers" and "bench.cli" in one["layers"])
    rows = [[name.strip().split(".")[1] for name in row.replace(":", "|").split("|")] for row in layers]
    return [list(dict.fromkeys(row)) for row in rows]


def picture(pyproject: Path) -> str:
    """SVG: a row a layer, an arrow between rows for the direction of imports, the stand-alone packages below."""
    rows = contract(pyproject)
    parts = [_row(names, _GAP + place * (_ROW + _GAP)) for place, names in enumerate(rows)]
    arrows = [_arrow(_GAP + place * (_ROW + _GAP) + _ROW) for place in range(len(rows) - 1)]
    bottom = 2 * _GAP + len(rows) * (_ROW + _GAP)
    text = "packages that stand alone; models and training use them"
    note = f'<text x="{_LEFT + 3}" y="{bottom - 8}" fill="#1a1a1a">{text}</text>\n'
    parts += [*arrows, note, _row(["spgnet", "baselines"], bottom, "#e7d8b5")]
    height = bottom + _ROW + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        ' font-family="sans-serif" font-size="13" role="img" aria-label="Layers of spgbench, imports point down">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n' + "".join(parts) + "</svg>\n"
    )


def _row(names: list[str], top: int, fill: str = "#cfe0f3") -> str:
    span = (_WIDTH - 2 * _LEFT) / len(names)
    return "".join(
        f'<rect x="{_LEFT + place * span + 3:.0f}" y="{top}" width="{span - 6:.0f}" height="{_ROW}" rx="5"'
        f' fill="{fill}"/>'
        f'<text x="{_LEFT + (place + 0.5) * span:.0f}" y="{top + _ROW / 2 + 4:.0f}" text-anchor="middle" fill="#1a1a1a"'
        f"{_fit(name, span)}>{name}</text>\n"
        for place, name in enumerate(names)
    )


def _fit(name: str, span: float) -> str:
    """A smaller font where the name would not fit into its box."""
    return "" if 7.5 * len(name) < span - 10 else ' font-size="10"'


def _arrow(top: int) -> str:
    x, y = _WIDTH // 2, top + 3
    return f'<path d="M{x} {y}v{_GAP - 9}m-4 -5l4 5l4 -5" fill="none" stroke="#666666" stroke-width="1.5"/>\n'
