"""JSON and YAML with other values, names and numbers."""

from __future__ import annotations

import copy
import json
import lzma
import random
from contextlib import suppress
from typing import Any

from tests.fuzz.mutation.blind import blind
from tests.fuzz.mutation.hostile_values import RAW, TEXTS, VALUES

__all__ = ["json_file", "json_lines", "xz_json", "yaml_file"]


def _json_text(value: Any, rng: random.Random) -> str:
    """JSON with the raw pieces that no writer writes."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.2)
    if RAW in text or "\\u0001raw:" in text:
        parts = text.replace("\\u0001raw:", RAW).split(f'"{RAW}')
        for index in range(1, len(parts)):
            raw, quote, rest = _string_end(parts[index])
            parts[index] = json.loads(f'"{raw}"') + rest if quote else parts[index]
        text = "".join(parts)
    return text


def _string_end(text: str) -> tuple[str, bool, str]:
    at = 0
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return text[:at], at < len(text), text[at + 1 :]


def _places(value: Any) -> list[tuple[Any, Any]]:
    found, queue = [], [value]
    while queue:
        one = queue.pop()
        for key in one if isinstance(one, dict) else range(len(one)):
            found.append((one, key))
            if isinstance(one[key], dict | list):
                queue.append(one[key])
    return found


def _change_tree(rng: random.Random, tree: Any) -> Any:
    tree = [tree]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = _places(tree)
        if not places:  # an earlier change left nothing to change
            break
        parent, key = rng.choice(places)
        kind = rng.randrange(8)
        if kind in (0, 1):
            parent[key] = copy.deepcopy(rng.choice(VALUES))
        elif kind in (2, 3):
            parent[key] = rng.choice(TEXTS)
        elif kind == 4 and parent is not tree:
            del parent[key]
        elif kind == 5 and isinstance(parent, dict):
            parent[rng.choice((*TEXTS, "format", "a"))] = parent[key] if rng.random() < 0.5 else parent.pop(key)
        elif kind == 6 and isinstance(parent[key], int | float) and not isinstance(parent[key], bool):
            with suppress(OverflowError):  # a whole number that no float holds stays
                parent[key] = parent[key] * rng.choice((-1, 0.5, 2, 1000)) + rng.choice((0, 1, -1, 0.5))
        else:
            other, place = rng.choice(places)
            if (isinstance(other, list) and place >= len(other)) or (isinstance(other, dict) and place not in other):
                continue
            parent[key] = copy.deepcopy(other[place])
    return tree[0] if tree else None


def json_file(rng: random.Random, data: bytes) -> bytes:
    """A JSON document with other values, names and numbers; sometimes changed blindly."""
    if rng.random() < 0.25:
        return blind(rng, data)
    try:
        tree = json.loads(data)
    except ValueError:
        return blind(rng, data)
    return _json_text(_change_tree(rng, tree), rng).encode("utf-8", "surrogatepass")


def json_lines(rng: random.Random, data: bytes) -> bytes:
    """Lines of JSON, of which one or two are changed, doubled or left out."""
    lines = data.split(b"\n")[:-1]
    if rng.random() < 0.2 or not lines:
        return blind(rng, data)
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(lines))
        lines[at] = json_file(rng, lines[at])
        if rng.random() < 0.1:
            lines.insert(at, lines[rng.randrange(len(lines))])
    return b"\n".join(lines) + (b"\n" if rng.random() < 0.9 else b"")


def yaml_file(rng: random.Random, data: bytes) -> bytes:
    """YAML: as a JSON tree, which it includes, or blindly with its own tokens."""
    import yaml

    if rng.random() < 0.6 or b"&" in data:  # an alias: to load it here may take all memory
        return blind(rng, data)
    try:
        tree = yaml.safe_load(data)
        return _json_text(_change_tree(rng, tree), rng).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, ValueError, TypeError):
        return blind(rng, data)


def xz_json(rng: random.Random, data: bytes) -> bytes:
    """A JSON document in an xz file."""
    if rng.random() < 0.2:
        return blind(rng, data)
    return lzma.compress(json_file(rng, lzma.decompress(data)), preset=0)
