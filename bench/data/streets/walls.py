"""Walls: brick, plaster, stone, panels or glass, with windows, doors, balconies and shop fronts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.data.streets.camera import Plane, Point3
from bench.data.streets.canvas import Points, Shader
from bench.data.streets.facades import Facade
from bench.data.streets.light import Amount, mix, scaled
from bench.data.streets.noise import Floats, fractal, grain, hashed_cells
from bench.data.streets.street import Street

__all__ = ["facade_shader"]

# what a point of a wall is made of; indices into the table of colours
_WALL, _TRIM, _FRAME, _GLASS, _CURTAIN, _DOOR, _DARK, _FASCIA, _LETTER, _LAMP = range(10)


@dataclass
class _Wall:
    """The points of one wall while it is being coloured: coordinates, parts so far, brightness so far; all [n]."""

    s: Floats
    t: Floats
    fade: Floats
    part: npt.NDArray[np.int8]
    level: Floats

    def put(self, where: npt.NDArray[np.bool_], part: int) -> None:
        self.part[where] = part


def facade_shader(street: Street, facade: Facade, plane: Plane, normal: Point3, length: float) -> Shader:
    """Colours of a wall.

    Args:
        street: where it stands.
        facade: its style.
        plane: origin at the foot of its start, along the wall, up.
        normal: of the wall, out of the house.
        length: metres along the wall.
    """
    bays = max(1, int(length / facade.bay))
    margin = (length - bays * facade.bay) / 2
    towards = street.light.towards(normal)
    table = _colours(street, facade, normal)

    def shader(at: Points) -> Floats:
        s, t, depth = plane.coordinates(street.camera, at.u, at.v)
        fade = np.minimum(np.float32(14) / depth, np.float32(1))
        wall = _Wall(s - margin, t, fade, np.zeros(len(s), np.int8), np.ones(len(s), np.float32))
        wall.level += _relief(facade, wall)
        _upper(facade, wall, bays, street.light.lamps)
        _ground_floor(facade, wall, bays)
        _edges(facade, wall)
        albedo = table[:, wall.part] * wall.level
        (x, y, z), (ax, _, az) = plane.origin, plane.along
        sun: Amount = 0.0
        if towards > 0:
            sun = street.sunlit(s * ax + x, t + y, s * az + z) * np.float32(towards)
        sky = np.float32(0.70) + np.minimum(t * np.float32(0.05), np.float32(0.28))
        result = street.light.shade(albedo, sun, depth, sky)
        lamp = np.flatnonzero(wall.part == _LAMP)
        result[:, lamp] = albedo[:, lamp]
        return result

    return shader


def _colours(street: Street, facade: Facade, normal: Point3) -> Floats:
    """float32 [3, parts]; glass reflects the sky over the opposite houses."""
    light = street.light
    gleam = scaled(mix(light.zenith, light.horizon, 0.5), 0.55 if normal[2] else 0.75)
    glass = mix((0.10, 0.12, 0.15), gleam, 0.55)
    fascia = facade.shop or facade.door
    letter = (0.92, 0.90, 0.84) if sum(fascia) < 1.5 else (0.15, 0.13, 0.12)
    colours = (
        facade.wall,
        facade.trim,
        mix(facade.trim, (0.9, 0.9, 0.9), 0.5) if facade.material != "panel" else (0.22, 0.23, 0.25),
        glass,
        mix(glass, (0.80, 0.76, 0.68), 0.55),
        facade.door,
        (0.10, 0.10, 0.11),
        fascia,
        letter,
        (0.98, 0.80, 0.48),
    )
    return np.ascontiguousarray(np.array(colours, np.float32).T)


def _relief(facade: Facade, wall: _Wall) -> Floats:
    """Texture of the bare wall, about 0."""
    s, t, fade = wall.s, wall.t, wall.fade
    offset = facade.seed % 4096
    stain = (fractal(s * 14 + (offset + 9000), t * 7 + offset) - np.float32(0.5)) * np.float32(0.34)
    if facade.material in ("plaster", "glass"):
        return stain + fade * (grain(s * 40 + 9000, t * 40 + offset) - np.float32(0.5)) * np.float32(0.22)
    a, b = {"brick": (0.34, 0.13), "stone": (0.9, 0.42), "panel": (facade.bay, facade.storey)}[facade.material]
    panel = facade.material == "panel"
    foot = facade.ground if panel else 0.0
    row = np.floor((t - foot) * (1 / b))
    shift = (row - np.floor(row * np.float32(0.5)) * 2) * (0.0 if panel else a / 2)
    column = np.floor((s + shift) * (1 / a))
    dx = s + shift - column * a
    dy = t - foot - row * b
    joint = (dx < np.float32(0.03)) | (dy < np.float32(0.025))
    own = (hashed_cells(row, column, facade.seed) - np.float32(0.5)) * np.float32(0.34)
    strength = np.float32({"brick": 0.26, "stone": -0.22, "panel": -0.4}[facade.material])
    relief: Floats = stain * np.float32(0.7) + (own * (0.4 if panel else 1.0) + joint * strength) * fade
    return relief


def _upper(facade: Facade, wall: _Wall, bays: int, lamps: bool) -> None:
    """Windows, shutters and balconies of the storeys over the ground floor."""
    above = wall.t - np.float32(facade.ground)
    floor = np.floor(above * (1 / facade.storey))
    bay = np.floor(wall.s * (1 / facade.bay))
    here = (above > 0) & (floor < facade.storeys) & (bay >= 0) & (bay < bays)
    index = np.flatnonzero(here)
    floor, bay = floor[index], bay[index]
    x = wall.s[index] - (bay + np.float32(0.5)) * facade.bay
    y = above[index] - floor * facade.storey - np.float32(facade.sill)
    part, level = wall.part[index], wall.level[index]
    chance = hashed_cells(bay, floor, facade.seed)
    _window(facade, x, y, chance, part, level, lamps)
    if facade.shutters:
        beside = np.abs(np.abs(x) - np.float32(facade.window[0] * 0.5 + 0.24)) < np.float32(0.2)
        shutter = beside & (y > 0) & (y < facade.window[1])
        part[shutter] = _DOOR
        level[shutter] = np.float32(0.85) + np.float32(0.3) * (y[shutter] * 8 - np.floor(y[shutter] * 8))
    if facade.balconies:
        has = hashed_cells(bay, bay * 0, facade.seed + 1) < np.float32(facade.balconies)
        _balcony(facade, x, y + np.float32(facade.sill), has, part, level)
    wall.part[index], wall.level[index] = part, level


def _window(
    facade: Facade, x: Floats, y: Floats, chance: Floats, part: npt.NDArray[np.int8], level: Floats, lamps: bool
) -> None:
    """One window a bay: x from its middle, y from its sill."""
    half, tall = np.float32(facade.window[0] / 2), np.float32(facade.window[1])
    side = np.abs(x) - half
    off = np.maximum(side, np.abs(y - tall / 2) - tall / 2)
    if facade.material != "glass":
        surround = off < np.float32(0.13)
        part[surround] = _TRIM
        sill = (np.abs(y + np.float32(0.09)) < np.float32(0.07)) & (side < np.float32(0.2))
        part[sill], level[sill] = _TRIM, 1.1
        under = (y < np.float32(-0.16)) & (y > np.float32(-0.34)) & (side < np.float32(0.2))
        level[under] *= np.float32(0.78)
    pane = off < 0
    part[pane] = _FRAME
    level[pane] = 1
    bars = np.abs(x) < np.float32(0.035) if facade.bars else np.zeros(len(x), np.bool_)
    if facade.bars == 2:
        bars |= np.abs(y - tall * np.float32(0.55)) < np.float32(0.035)
    glass = (off < np.float32(-0.07)) & ~bars
    drawn = glass & (chance < np.float32(0.45)) & (np.abs(x) > half * (chance * np.float32(1.6) + np.float32(0.2)))
    part[glass] = _GLASS
    part[drawn] = _CURTAIN
    slant = np.float32(0.62) + (y / tall) * np.float32(0.38) + (chance - np.float32(0.5)) * np.float32(0.5)
    streak = (x + y * np.float32(0.5)) * np.float32(0.9) + chance * 7
    slant += ((streak - np.floor(streak)) < np.float32(0.22)) * np.float32(0.2)
    reveal = np.minimum(np.maximum((tall - y) * np.float32(4), np.float32(0.45)), np.float32(1))
    level[pane] = reveal[pane]
    level[glass] = slant[glass] * reveal[glass]
    if lamps:
        lit = glass & (chance > np.float32(0.62))
        part[lit] = _LAMP
        level[lit] = (
            np.float32(0.6) + (y[lit] / tall) * np.float32(0.4) - (chance[lit] - np.float32(0.62)) * np.float32(0.6)
        )


def _balcony(
    facade: Facade, x: Floats, y: Floats, has: npt.NDArray[np.bool_], part: npt.NDArray[np.int8], level: Floats
) -> None:
    """A slab and a railing in front of the window: x from the bay's middle, y from the floor."""
    reach = has & (np.abs(x) < np.float32(facade.bay * 0.46))
    bar = x * np.float32(8)
    rail = reach & (y < np.float32(1.0)) & ((bar - np.floor(bar) < np.float32(0.36)) | (y > np.float32(0.93)))
    part[rail] = _DARK
    level[rail] = 1.4
    behind = reach & (y < np.float32(1.0)) & ~rail
    level[behind] *= np.float32(0.8)
    slab = reach & (y < np.float32(0.16))
    part[slab] = _TRIM
    level[slab] = np.float32(0.75) + y[slab] * np.float32(1.8)


def _ground_floor(facade: Facade, wall: _Wall, bays: int) -> None:
    """Shop fronts, or doors between windows."""
    bay = np.floor(wall.s * (1 / facade.bay))
    index = np.flatnonzero((wall.t < np.float32(facade.ground)) & (bay >= 0) & (bay < bays))
    bay, t, part, level = bay[index], wall.t[index], wall.part[index], wall.level[index]
    x = wall.s[index] - (bay + np.float32(0.5)) * facade.bay
    chance = hashed_cells(bay, bay * 0 - 1, facade.seed)
    if facade.shop is not None:
        _shop_front(facade, wall.s[index], x, t, chance, part, level)
    else:
        door = chance < np.float32(0.34)
        _window(facade, x, np.where(door, np.float32(-9), t - np.float32(0.95)), chance, part, level, lamps=False)
        _doorway(x, t, door, part, level)
    wall.part[index], wall.level[index] = part, level


def _doorway(x: Floats, t: Floats, door: npt.NDArray[np.bool_], part: npt.NDArray[np.int8], level: Floats) -> None:
    surround = door & (np.abs(x) < np.float32(0.66)) & (t < np.float32(2.5))
    part[surround], level[surround] = _TRIM, 1
    leaf = door & (np.abs(x) < np.float32(0.48)) & (t < np.float32(2.1))
    part[leaf], level[leaf] = _DOOR, 1
    panel = leaf & (np.abs(np.abs(x) - np.float32(0.22)) < np.float32(0.14))
    panel &= np.abs(np.abs(t - np.float32(1.05)) - np.float32(0.5)) < np.float32(0.36)
    level[panel] = np.float32(0.72)
    light = door & (np.abs(x) < np.float32(0.48)) & (np.abs(t - np.float32(2.26)) < np.float32(0.12))
    part[light] = _GLASS


def _shop_front(
    facade: Facade, s: Floats, x: Floats, t: Floats, chance: Floats, part: npt.NDArray[np.int8], level: Floats
) -> None:
    top = np.float32(facade.ground)
    half = np.float32(facade.bay / 2)
    front = t < top - np.float32(0.35)
    part[front], level[front] = _FASCIA, np.float32(0.75)
    glass = (np.abs(x) < half - np.float32(0.12)) & (t > np.float32(0.45)) & (t < top - np.float32(1.05))
    part[glass] = _GLASS
    _wares(facade, s, t, glass, part, level)
    entry = (chance < np.float32(0.3)) & (np.abs(x) < np.float32(0.5)) & (t < np.float32(2.15))
    part[entry], level[entry] = _DARK, 1
    pane = entry & (np.abs(x) < np.float32(0.40)) & (t > np.float32(0.12)) & (t < np.float32(2.05))
    part[pane], level[pane] = _GLASS, np.float32(0.55)
    board = (t > top - np.float32(0.95)) & (t < top - np.float32(0.25))
    part[board], level[board] = _FASCIA, 1
    place = np.floor(s * np.float32(4.2))
    stroke = hashed_cells(place, np.floor((t - top) * np.float32(9)), facade.seed + 5)
    word = hashed_cells(np.floor(place * np.float32(0.2)), place * 0, facade.seed + 3) > np.float32(0.35)
    inner = s * np.float32(4.2) - place
    text = board & word & (np.abs(t - top + np.float32(0.6)) < np.float32(0.2)) & (stroke > np.float32(0.4))
    text &= (inner > np.float32(0.12)) & (inner < np.float32(0.85))
    part[text] = _LETTER
    eave = (t > top - np.float32(0.25)) & (t < top - np.float32(0.1))
    part[eave], level[eave] = _TRIM, np.float32(0.9)


def _wares(
    facade: Facade, s: Floats, t: Floats, glass: npt.NDArray[np.bool_], part: npt.NDArray[np.int8], level: Floats
) -> None:
    """Shelves with goods behind the glass, and what the glass mirrors."""
    index = np.flatnonzero(glass)
    x, y = s[index] * np.float32(2.6), t[index] * np.float32(1.9)
    column, row = np.floor(x), np.floor(y)
    kind = hashed_cells(column, row, facade.seed + 7)
    size = np.float32(0.45) + kind * np.float32(0.5)
    goods = (np.abs(x - column - np.float32(0.5)) < size * np.float32(0.5)) & (y - row < size) & (y - row > 0.06)
    goods &= (kind > np.float32(0.25)) & (t[index] < np.float32(2.3))
    streak = (s[index] + t[index] * np.float32(0.6)) * np.float32(0.42)
    gleam = (streak - np.floor(streak) < np.float32(0.3)) * np.float32(0.22)
    tone = np.float32(0.42) + t[index] * np.float32(0.12) + gleam
    colour = np.array([_CURTAIN, _DOOR, _LETTER, _TRIM, _FASCIA, _WALL], np.int8)
    which = colour[(hashed_cells(column, row, facade.seed + 8) * np.float32(6)).astype(np.int32)]
    part[index] = np.where(goods, which, np.int8(_GLASS))
    level[index] = tone + goods * (np.float32(0.18) + (kind - np.float32(0.6)) * np.float32(0.4))


def _edges(facade: Facade, wall: _Wall) -> None:
    """String course over the ground floor, cornice with its shadow, dirt at the foot."""
    t, top = wall.t, np.float32(facade.height)
    course = np.abs(t - np.float32(facade.ground)) < np.float32(0.09)
    wall.put(course, _TRIM)
    wall.level[course] = np.float32(0.95)
    cornice = (t > top - np.float32(0.35)) & (t < top)
    wall.put(cornice, _TRIM)
    wall.level[cornice] = np.float32(0.7) + (t[cornice] - (top - np.float32(0.35))) * np.float32(1.1)
    under = (t > top - np.float32(0.62)) & (t <= top - np.float32(0.35))
    wall.level[under] *= np.float32(0.72)
    foot = t < np.float32(0.4)
    wall.level[foot] *= np.float32(0.75) + t[foot] * np.float32(0.6)
