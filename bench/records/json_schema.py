"""JSON Schemas of the files that a run, a profile and a load test leave on disk, made from their dataclasses.

`python -m bench.records.json_schema` writes them to `schemas/` beside this file; a test holds them to the dataclasses.
"""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union

from bench.errors import UnknownName
from bench.records.load import LOAD_FORMAT, LoadRecord
from bench.records.profile import PROFILE_FORMAT, ProfileRecord
from bench.records.run_info import RunInfo
from bench.records.schema import FORMAT, OPTIONAL_FIELDS, CellRecord, Record

__all__ = ["FOLDER", "NAMES", "generate", "read_schema"]

FOLDER = Path(__file__).parent / "schemas"

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_FORMATS = {"enum": [2, FORMAT]}  # format 3 has more optional fields than format 2
_SPELLED = {"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf"]}, {"type": "null"}]}


def read_schema(name: str) -> str:
    """The text of a schema; raises UnknownName, with suggestions, for a name that is none of NAMES."""
    if name not in NAMES:
        raise UnknownName("schema", name, NAMES)
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def generate(name: str) -> str:
    """The text of a schema as the dataclasses are now."""
    return json.dumps(_MAKERS[name](), indent=1, ensure_ascii=False) + "\n"


def _run() -> dict[str, Any]:
    return _file("run.json: what was run", RunInfo, _FORMATS)


def _cell() -> dict[str, Any]:
    return _file("cell.json: one model, protocol and data set, reduced once", CellRecord, _FORMATS)


def _profile() -> dict[str, Any]:
    return _file("One line of profile/MODEL/FINGERPRINT.jsonl", ProfileRecord, {"const": PROFILE_FORMAT})


def _load() -> dict[str, Any]:
    return _file("One line of load/MODEL/FINGERPRINT.jsonl", LoadRecord, {"const": LOAD_FORMAT})


def _sample() -> dict[str, Any]:
    """Fields that a record may lack are not required; numbers that are not finite are spelled out."""
    schema = _of_dataclass(Record)
    of_share, of_values = schema["properties"]["hole_share"], schema["properties"]["values"]
    schema["properties"]["hole_share"] = {**_SPELLED, "description": of_share["description"]}
    of_values["additionalProperties"] = _SPELLED
    schema["required"] = [name for name in schema["properties"] if name not in OPTIONAL_FIELDS]
    return {"$schema": _DRAFT, "title": "One line of samples-*.jsonl", **schema}


_MAKERS: dict[str, Callable[[], dict[str, Any]]] = {
    "run": _run,
    "cell": _cell,
    "sample": _sample,
    "profile": _profile,
    "load": _load,
}

NAMES = tuple(_MAKERS)
"""Which schemas there are."""


def _file(title: str, kind: type, version: dict[str, Any]) -> dict[str, Any]:
    schema = _of_dataclass(kind)
    schema["properties"] = {"format": {**version, "description": "version of the file"}, **schema["properties"]}
    schema["required"] = ["format", *schema["required"]]
    return {"$schema": _DRAFT, "title": title, **schema}


def _of_dataclass(kind: Any) -> dict[str, Any]:
    hints, texts = typing.get_type_hints(kind), _descriptions(kind)
    required = [item.name for item in fields(kind) if item.default is MISSING and item.default_factory is MISSING]
    return {
        "type": "object",
        "properties": {item.name: _described(hints[item.name], texts.get(item.name, "")) for item in fields(kind)},
        "required": required,
        "additionalProperties": False,
    }


def _described(kind: Any, text: str) -> dict[str, Any]:
    return {**_of(kind), **({"description": text} if text else {})}


def _of(kind: Any) -> dict[str, Any]:
    if is_dataclass(kind):
        return _of_dataclass(kind)
    if kind is Any:
        return {}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [{"type": "null"} if part is types.NoneType else _of(part) for part in arguments]}
    if origin is not None:
        return _of_container(origin, arguments)
    return {"type": _SCALARS[kind]}


def _of_container(origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1])}
    if arguments[-1] is Ellipsis:
        return {"type": "array", "items": _of(arguments[0])}
    places = [_of(part) for part in arguments]
    return {"type": "array", "prefixItems": places, "minItems": len(places), "maxItems": len(places)}


def _descriptions(kind: Any) -> dict[str, str]:
    """What the section `Attributes:` of a docstring says of each field."""
    _, _, section = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for names, text in re.findall(r"^    (\w[\w, ]*): (.*(?:\n {5,}.*)*)", section, re.MULTILINE):
        found |= dict.fromkeys((name.strip() for name in names.split(",")), " ".join(text.split()))
    return found


if __name__ == "__main__":
    for schema_name in NAMES:
        (FOLDER / f"{schema_name}.json").write_text(generate(schema_name), encoding="utf-8")
