"""Every reader of the packages as a function of bytes. `ALL` names them."""

from __future__ import annotations

from tests.fuzz.targets.data_files import DATA_FILES
from tests.fuzz.targets.images import IMAGES
from tests.fuzz.targets.models import MODEL_FILES
from tests.fuzz.targets.names import NAMES
from tests.fuzz.targets.results import RESULTS
from tests.fuzz.targets.runs import RUNS
from tests.fuzz.targets.target import Target

__all__ = ["ALL", "Target"]

ALL: dict[str, Target] = {
    target.name: target for target in (*IMAGES, *DATA_FILES, *RUNS, *RESULTS, *MODEL_FILES, *NAMES)
}
"""By name."""
