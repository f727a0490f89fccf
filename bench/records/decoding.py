"""JSON data to frozen dataclasses, checked field by field against their type hints."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union

__all__ = ["FieldError", "decode"]

T = TypeVar("T")

_SCALARS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class FieldError(ValueError):
    """A field of a JSON file that is not what it must be.

    Args:
        field: where, such as `models[0].fingerprint`; empty for the file as a whole.
        must: what it must be, such as `be text`.
        found: what stands there instead.
    """

    def __init__(self, field: str, must: str, found: str) -> None:
        super().__init__(field, must, found)
        self.field, self.must, self.found = field, must, found

    def __str__(self) -> str:
        return f"field {self.field or '(the whole file)'} must {self.must}; found {self.found}"


def decode(kind: type[T], data: object, field: str = "") -> T:
    """Data as `json.loads` returns them as an instance of `kind`.

    A dataclass takes an object with all of its fields that have no default and no others; a tuple takes an array, a
    dictionary an object. `None` and `Literal` are taken as they are.

    Args:
        kind: a dataclass, or a type of one of its fields.
        data: what was parsed.
        field: where `data` stands in its file, for messages.

    Raises:
        FieldError: for the first field that does not fit.
    """
    found: T = _decode(kind, data, field)
    return found


def _decode(kind: Any, data: Any, field: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return None if data is None else _decode(_present(arguments), data, field)
    if origin is tuple:
        return _decode_tuple(arguments, data, field)
    if origin is dict:
        _checked(isinstance(data, dict), field, "be an object", data)
        return {name: _decode(arguments[1], part, _inside(field, name)) for name, part in data.items()}
    if is_dataclass(kind):
        return _decode_dataclass(kind, data, field)
    return _decode_scalar(kind, data, field)


def _decode_scalar(kind: Any, data: Any, field: str) -> Any:
    if kind is Any:
        return data
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        return _checked(data in choices, field, f"be one of {', '.join(map(str, choices))}", data)
    fits = isinstance(data, (int, float) if kind is float else kind) and (kind is bool or not isinstance(data, bool))
    return _checked(fits, field, f"be {_SCALARS[kind]}", data)


def _decode_tuple(arguments: tuple[Any, ...], data: Any, field: str) -> tuple[Any, ...]:
    _checked(isinstance(data, list), field, "be an array", data)
    if arguments[-1] is Ellipsis:
        return tuple(_decode(arguments[0], part, f"{field}[{index}]") for index, part in enumerate(data))
    _checked(len(data) == len(arguments), field, f"be an array of {len(arguments)}", data)
    pairs = enumerate(zip(arguments, data, strict=True))
    return tuple(_decode(kind, part, f"{field}[{index}]") for index, (kind, part) in pairs)


def _decode_dataclass(kind: Any, data: Any, field: str) -> Any:
    _checked(isinstance(data, Mapping), field, "be an object", data)
    hints, required = _field_types(kind)
    for name in data:
        if name not in hints:
            raise FieldError(_inside(field, name), f"be one of {', '.join(hints)}", "a field that is not known")
    for name in required:
        if name not in data:
            raise FieldError(_inside(field, name), "be there", "no such field")
    return kind(**{name: _decode(hints[name], part, _inside(field, name)) for name, part in data.items()})


@functools.cache
def _field_types(kind: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Types of a dataclass's fields by name, and the names of those without a default."""
    hints = typing.get_type_hints(kind)
    of_fields = {item.name: hints[item.name] for item in fields(kind)}
    plain = (item for item in fields(kind) if item.default is MISSING and item.default_factory is MISSING)
    return of_fields, tuple(item.name for item in plain)


def _present(arguments: tuple[Any, ...]) -> Any:
    """The type beside None."""
    (kind,) = (argument for argument in arguments if argument is not types.NoneType)
    return kind


def _checked(fits: bool, field: str, must: str, data: Any) -> Any:
    if not fits:
        raise FieldError(field, must, _shown(data))
    return data


def _shown(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _inside(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
