"""What each picture shows, in words: a file `prompts.json`, `{"id": "text"}`, beside the pictures."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.data.files import SampleFiles
from bench.errors import DataError
from bench.image_files.finding import same_form, some

__all__ = ["read_prompts", "with_prompts"]


def with_prompts(files: Sequence[SampleFiles], path: Path, known: Collection[str]) -> list[SampleFiles]:
    """Give every sample its text; without a file no sample has one.

    Args:
        files: of the split.
        path: of `prompts.json`.
        known: ids of all pictures, of other splits too.

    Raises:
        DataError: the file is not what `read_prompts` takes, lacks a text for one of the samples, or names a picture
            that is not there.
    """
    if not path.exists():
        return list(files)
    prompts = read_prompts(path)
    if unknown := sorted(set(prompts) - set(known)):
        fix = "Ids are names below the pictures' folder without suffix: mend or remove them."
        raise DataError(f"file {path}", "name pictures of the data set", f"{some(unknown)} without a picture", fix)
    if missing := [file.id for file in files if file.id not in prompts]:
        fix = "Write one for each picture: models that take texts would be compared on two tasks at once."
        raise DataError(f"file {path}", "hold a text for every picture", f"none for {some(missing)}", fix)
    return [replace(file, prompt=prompts[file.id]) for file in files]


def read_prompts(path: Path) -> dict[str, str]:
    """Id, in form NFC, to text; raises DataError for anything but an object of texts that are not empty."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_Pairs)
    except (OSError, ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise DataError(f"file {path}", 'be {"id": "text"} in JSON', str(error), "Mend the file.") from error
    if not isinstance(found, _Pairs):
        must, fix = 'be one object {"id": "text"}', "Give each picture its text under its id."
        raise DataError(f"file {path}", must, f"a JSON {type(found).__name__}", fix)
    prompts: dict[str, str] = {}
    for name, text in found:
        key = same_form(name)
        if key in prompts:
            raise DataError(f"file {path}", "hold one text for a picture", f"two for {name!r}", "Remove one of them.")
        if not isinstance(text, str) or not text.strip():
            shown = "an object" if isinstance(text, _Pairs) else repr(text)
            fix = "Say what the picture shows, or remove the file."
            raise DataError(f"prompt of {name!r} in {path}", "be a text that is not empty", shown, fix)
        prompts[key] = text
    return prompts


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with its keys as they stand, twice where one stands twice."""
