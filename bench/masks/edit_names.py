"""The names of edits, and of protocols that have one: `edit-shift-8:center-50@1`."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["EDITS", "EditName", "split_edit"]

EDITS = {
    "edit-none": "the true label map",
    "edit-shift-4": "a region's boundary moved outwards by 4 pixels",
    "edit-shift-8": "a region's boundary moved outwards by 8 pixels",
    "edit-shift-16": "a region's boundary moved outwards by 16 pixels",
    "edit-swap": "a region given another class",
    "edit-insert": "an object of another picture inserted",
    "edit-remove": "an object replaced by what surrounds it",
}
"""Name of each edit to what it does, in the order of tables. A changed rule gets a new name: holes and records are told
apart by it."""


class EditName(NamedTuple):
    """The two parts of a protocol's name.

    Attributes:
        edit: a key of `EDITS`.
        hole: name of the protocol that cuts the hole, with its version.
    """

    edit: str
    hole: str


def split_edit(protocol: str) -> EditName | None:
    """The parts of the name of a protocol that edits; None of any other."""
    edit, colon, hole = protocol.partition(":")
    return EditName(edit, hole) if colon and edit in EDITS else None
