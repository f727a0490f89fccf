"""YAML of suites and of their published figures, read as strictly as it is meant: no key twice, no bombs, no code."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import TooLarge, UsageError

if TYPE_CHECKING:
    import yaml

__all__ = ["read_yaml", "shown"]

_MOST_BYTES = 1 << 19
_MOST_NODES = 100_000
"""Values of a file, each counted as often as aliases repeat it."""
_MOST_DEPTH = 50
_LONGEST = 200


def read_yaml(path: Path, noun: str) -> Any:
    """The value of a YAML file; tags that would make objects of Python are refused.

    Args:
        path: the file.
        noun: what it is, for messages: `suite file`.

    Raises:
        UsageError: the file cannot be read, is no YAML, names a key twice, or is nested too deeply.
        TooLarge: more bytes, or more values once its aliases are followed, than any such file has.
    """
    import yaml

    subject = f"{noun} {path}"
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise TooLarge(subject, f"have at most {_MOST_BYTES:,} bytes", f"{size:,}", "Split it.")
        loader = _loader()(path.read_text(encoding="utf-8"))
        try:
            root = loader.get_single_node()
            if root is None:
                return None
            if _count(root, {}, 0) > _MOST_NODES:
                found = "more, once aliases are followed"
                raise TooLarge(subject, f"hold at most {_MOST_NODES:,} values", found, "Split it.")
            return loader.construct_document(root)
        finally:
            loader.dispose()
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        found = "one that is nested too deeply" if isinstance(error, RecursionError) else str(error)[:_LONGEST]
        raise UsageError(subject, "be a readable YAML file", found) from error


@functools.cache
def _loader() -> type[yaml.SafeLoader]:
    """The safe loader, which refuses brackets that are nested too deeply before it spends time on them."""
    import yaml

    class Loader(yaml.SafeLoader):
        def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803 (the base class names it)
            if self.flow_level >= _MOST_DEPTH:
                raise ValueError("one that is nested too deeply")
            super().fetch_flow_collection_start(TokenClass)

    return Loader


def shown(value: object) -> str:
    """A value as a message shows it: the beginning of its text."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _count(node: yaml.Node, known: dict[int, int], depth: int) -> int:
    """The values below a node and itself; raises ValueError for a key that stands twice, a circle, and depth."""
    import yaml

    if known.get(id(node)) == 0:
        raise ValueError("an alias that stands for itself")
    if id(node) in known:
        return known[id(node)]
    if depth > _MOST_DEPTH:
        raise ValueError("one that is nested too deeply")
    known[id(node)] = 0
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(names)) < len(names):
            twice = next(name for index, name in enumerate(names) if name in names[:index])
            raise ValueError(f"the key '{twice[:60]}' twice")
        parts = [part for pair in node.value for part in pair]
    else:
        parts = node.value if isinstance(node, yaml.SequenceNode) else []
    known[id(node)] = 1 + sum(_count(part, known, depth + 1) for part in parts)
    return known[id(node)]
