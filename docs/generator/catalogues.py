"""Tables of the reference pages, from the catalogues and definitions that the commands read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from importlib.resources import files
from typing import Any

from bench.registry import Entry

__all__ = [
    "acceleration",
    "datasets",
    "gate_margins",
    "gate_tolerances",
    "judges",
    "models",
    "recipes",
    "suite_keys",
    "suites",
]


def models() -> str:
    """A row a model, by kind."""
    from bench.models import MODELS

    entries = [entry for entry in MODELS if not _is_plugin(entry)]
    schemes = [entry for entry in entries if entry.name.endswith(":")]
    return _table("model", [entry for entry in entries if entry not in schemes]) + "\n" + _table("form", schemes)


def acceleration() -> str:
    """Options of SPG-Net's rows that make it faster."""
    from spgnet import Acceleration

    meaning = _attributes(Acceleration)
    rows = [f"| `{field.name}` | `{_default(field)}` | {meaning[field.name]} |\n" for field in fields(Acceleration)]
    return "| option | default | meaning |\n|---|---|---|\n" + "".join(rows)


def datasets() -> str:
    """A row a data set."""
    from bench.data import DATASETS

    return _table("data set", DATASETS)


def gate_margins() -> str:
    """A row a margin that the paired gate has by default."""
    from bench.gating import default_margins

    amounts = {name: re.sub(r"([a-zA-Z%]+)$", r" \1", amount) for name, amount in default_margins().items()}
    rows = [f"| `{name}` | {amount} |\n" for name, amount in amounts.items()]
    return "| metric | margin |\n|---|--:|\n" + "".join(rows)


def gate_tolerances() -> str:
    """A row a metric whose values may change by rounding, in the regression gate."""
    from bench.gating import default_tolerances

    rows = [f"| `{name}` | {f'{amount:.6f}'.rstrip('0')} |\n" for name, amount in default_tolerances().items()]
    return "| metric | tolerance, in its unit |\n|---|--:|\n" + "".join(rows) + "| any other | 0.000000001 |\n"


def judges() -> str:
    """A row a judge."""
    from bench.segmentation import JUDGES

    return _table("judge", JUDGES)


def recipes() -> str:
    """A row a recipe of `spgbench train`."""
    from bench.training import RECIPES

    return _table("recipe", RECIPES)


def suite_keys() -> str:
    """A row a key of a suite file."""
    from bench.evaluation.suite import SUITE_KEYS, Suite

    meaning = _attributes(Suite)
    rows = [f"| `{field.name}` | {_kind(field)} | {_value(field)} | {meaning[field.name]} |\n" for field in SUITE_KEYS]
    return "| key | value | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def suites() -> str:
    """The suites that ship with the package, as they are."""
    from bench.evaluation.suite import SUITES

    texts = []
    for entry in SUITES:
        if not _is_plugin(entry):
            text = (files("bench.evaluation") / "suites" / dict(entry.options)["file"]).read_text(encoding="utf-8")
            texts.append(f"### {entry.name}\n\n{_sentence(entry.summary)}\n\n```yaml\n{text.strip()}\n```\n")
    return "\n".join(texts)


def _table(head: str, entries: Iterable[Entry]) -> str:
    rows = [f"| `{entry.name}` | {_cell(entry.summary)} |\n" for entry in entries if not _is_plugin(entry)]
    return f"| {head} | what it is |\n|---|---|\n" + "".join(rows)


def _is_plugin(entry: Entry) -> bool:
    """Whether another package that is installed here adds the entry: the pages tell of this package only."""
    return entry.summary.startswith("plug-in of ")


def _cell(text: str) -> str:
    """Text as a table cell; a name that a summary shows is set as code."""
    return re.sub(r"^[\w-]+:[A-Z][^,]*|\?[a-z]+=[A-Z]+", r"`\g<0>`", text.replace("|", "\\|"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _attributes(kind: type) -> dict[str, str]:
    """Descriptions of a dataclass's attributes, from the section of its docstring."""
    section = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    for names, text in re.findall(r"^    ([\w, ]+): (.*(?:\n {8}.*)*)", section, re.MULTILINE):
        for name in names.split(", "):
            found[name] = _sentence(" ".join(text.split()).rstrip("."))
    return found


def _kind(field: Field[Any]) -> str:
    text = str(field.type)
    if "tuple[tuple" in text:
        return "map of text to text"
    if "tuple" in text:
        return "list of text"
    return "whole number" if "int" in text else "text"


def _value(field: Field[Any]) -> str:
    default = field.default
    if default is None or default == () or default is MISSING:
        return ""
    return f"`[{', '.join(default)}]`" if isinstance(default, tuple) else f"`{default}`"


def _default(field: Field[Any]) -> str:
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
