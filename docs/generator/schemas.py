"""Tables of the fields of the files on disk, from the JSON Schemas of the package."""

from __future__ import annotations

import json
from typing import Any

from bench.records.json_schema import NAMES, read_schema

__all__ = ["tables"]


def tables() -> str:
    """A table a schema: its fields, their types and what they hold."""
    return "\n".join(_table(name, json.loads(read_schema(name))) for name in NAMES)


def _table(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = [
        f"| `{field}`{'' if field in required else ' (optional)'} | {_kind(part)} | {_description(part)} |\n"
        for field, part in schema["properties"].items()
    ]
    return f"### {name}\n\n{schema['title']}.\n\n| field | type | what it holds |\n|---|---|---|\n" + "".join(rows)


def _kind(part: dict[str, Any]) -> str:
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(map(_kind, part["anyOf"])))
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return " or ".join(f"`{value}`" for value in part["enum"])
    if part.get("type") == "array":
        items = part.get("items") or (part.get("prefixItems") or [{}])[0]
        return f"array of {_kind(items)}"
    if isinstance(part.get("additionalProperties"), dict):
        return f"map to {_kind(part['additionalProperties'])}"
    return str(part.get("type", "any"))


def _description(part: dict[str, Any]) -> str:
    text = " ".join(str(part.get("description", "")).split()).replace("|", "\\|")
    return text[:1].upper() + text[1:]
