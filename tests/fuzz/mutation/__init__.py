"""Hostile variants of valid files: bytes that are changed blindly, and changes that keep a format's own checks."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.fuzz.mutation.binary_files import picture, tensors, zip_file
from tests.fuzz.mutation.blind import blind
from tests.fuzz.mutation.text_files import json_file, json_lines, xz_json, yaml_file

__all__ = ["MUTATORS", "Mutator"]

Mutator = Callable[[random.Random, bytes], bytes]

MUTATORS: dict[str, Mutator] = {
    "bytes": blind,
    "json": json_file,
    "jsonl": json_lines,
    "yaml": yaml_file,
    "xz": xz_json,
    "picture": picture,
    "zip": zip_file,
    "tensors": tensors,
}
"""By kind of file."""
