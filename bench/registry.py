"""The one registry: lazy, with typo hints, entry points, versions and schemes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, NoReturn, TypeVar, cast

from bench.errors import UnknownName, UsageError, folded

__all__ = ["Entry", "Registry", "match_name", "parse_options"]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Entry:
    """What is known of a name without importing it.

    Attributes:
        name: `telea`, `center-50@1`, or a scheme such as `folder:` that takes the rest of the name as its argument.
        target: `"module:attribute"`, imported at first use.
        summary: one line for `spgbench ls`.
        options: keyword arguments bound to the target.
    """

    name: str
    target: str
    summary: str
    options: tuple[tuple[str, Any], ...] = ()


class Registry(Generic[T]):
    """Names to lazily imported objects of one kind.

    Args:
        kind: the noun for messages, e.g. `"model"`.
        group: entry-point group through which other packages add names, e.g. `"spgbench.models"`.
        listing: the command that lists all names, or empty.
    """

    def __init__(self, kind: str, group: str, listing: str = "") -> None:
        self.kind, self.group, self._listing = kind, group, listing
        self._entries: dict[str, Entry] = {}
        self._plugins_read = False

    def add(self, name: str, target: str, summary: str, /, **options: Any) -> None:
        """Register `name`; raises UsageError when it is taken."""
        if name in self._entries:
            raise UsageError(f"{self.kind} '{name}'", "be registered once", "a second registration", "Rename one.")
        self._entries[name] = Entry(name, target, summary, tuple(options.items()))

    def __iter__(self) -> Iterator[Entry]:
        self._read_plugins()
        return iter(self._entries.values())

    def find(self, name: str) -> tuple[Entry, str]:
        """The entry for `name` and its argument (empty unless the entry is a scheme).

        A bare `center-50` finds the newest `center-50@N`. Where no name is equal, case and `_` for `-` do not matter,
        if that leaves one name. Raises UnknownName with suggestions.
        """
        self._read_plugins()
        return self._find(name, str) or self._find(name, folded) or self._unknown(name)

    def _find(self, name: str, form: Callable[[str], str]) -> tuple[Entry, str] | None:
        """As `find`, with all names compared in a form; None where none or several are equal."""
        wanted = form(name)
        if entry := _only(entry for known, entry in self._entries.items() if form(known) == wanted):
            return entry, ""
        versions = [known for known in self._entries if form(known.partition("@")[0]) == wanted and "@" in known]
        if len({known.partition("@")[0] for known in versions}) == 1:
            return self._entries[max(versions, key=lambda known: int(known.partition("@")[2]))], ""
        scheme, colon, argument = name.partition(":")
        if (
            colon
            and argument
            and (entry := _only(entry for known, entry in self._entries.items() if form(known) == form(f"{scheme}:")))
        ):
            return entry, argument
        return None

    def _unknown(self, name: str) -> NoReturn:
        raise UnknownName(self.kind, name, self._entries, self._listing)

    def load(self, entry: Entry) -> Callable[..., T]:
        """Import the entry's target; raises UsageError when the import fails."""
        module, _, attribute = entry.target.partition(":")
        try:
            return cast("Callable[..., T]", getattr(import_module(module), attribute))
        except (ImportError, AttributeError) as error:
            raise UsageError(
                f"{self.kind} '{entry.name}'", f"import from {entry.target}", repr(error), "Install what it needs."
            ) from error

    def create(self, name: str, **arguments: Any) -> T:
        """Import the target of `name` and call it with its bound options and `arguments`."""
        entry, argument = self.find(name)
        positional = (argument,) if argument else ()
        return self.load(entry)(*positional, **{**dict(entry.options), **arguments})

    def _read_plugins(self) -> None:
        if not self._plugins_read:
            self._plugins_read = True
            for point in entry_points(group=self.group):
                self.add(point.name, point.value, f"plug-in of {point.dist.name if point.dist else 'another package'}")


def match_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is equal to `name`, or the only one that is equal but for case and `_` for `-`; else None."""
    every = tuple(known)
    if name in every:
        return name
    return _only(one for one in every if folded(one) == folded(name))


def _only(found: Iterable[U]) -> U | None:
    """The one thing found; None for none or several."""
    every = list(found)
    return every[0] if len(every) == 1 else None


def parse_options(kind: str, name: str, query: str, reserved: Collection[str], example: str) -> dict[str, str]:
    """The options behind the `?` of a name: `a=1&b=x` -> `{"a": "1", "b": "x"}`.

    Args:
        kind, name: of what is named, for messages.
        query: what stands behind the `?`, or empty.
        reserved: keys that a name must not set.
        example: a sentence for messages.

    Raises:
        UsageError: for a part that is not KEY=VALUE.
    """
    options = {}
    for part in query.split("&") if query else ():
        key, equals, value = part.partition("=")
        if not (key and equals and value) or key in reserved:
            raise UsageError(f"option '{part}' of {kind} '{name}'", "be KEY=VALUE", repr(part), example)
        options[key] = value
    return options
