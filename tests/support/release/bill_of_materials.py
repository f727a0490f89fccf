"""Software bill of materials (CycloneDX) of the installed wheel, equal byte by byte for equal packages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.support.release.builds import sha256
from tests.support.release.commands import Environment, run_command
from tests.support.release.report import Problem

__all__ = ["SPECIFICATION", "finish", "write_bill"]

SPECIFICATION = "1.6"


def write_bill(root: Path, environment: Environment, wheel: Path, epoch: int, out: Path) -> str:
    """Write the bill of an environment of the wheel and its requirements alone. Raises Problem if it is invalid."""
    first, second = (_generate(root, environment, wheel, epoch) for _ in range(2))
    if first != second:
        raise Problem("two bills of materials of one environment must be equal")
    for word in (str(environment.folder), "file:"):
        if word in first:
            raise Problem(f"the bill of materials must not name places of this machine; found {word}")
    _validate(first)
    out.write_text(first, encoding="utf-8")
    return f"{len(json.loads(first)['components'])} components, valid CycloneDX {SPECIFICATION}"


def finish(bill: dict[str, Any], wheel: Path) -> dict[str, Any]:
    """The bill with the hash of the wheel, a serial number made from all else, and no addresses of its tools."""
    bill["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": sha256(wheel)}]
    for tool in bill["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    bill["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(bill, sort_keys=True))}"
    return bill


def _generate(root: Path, environment: Environment, wheel: Path, epoch: int) -> str:
    options: list[str | Path] = [
        "--output-reproducible",
        "--no-validate",
        "--sv",
        SPECIFICATION,
        "--pyproject",
        root / "pyproject.toml",
    ]
    command: list[str | Path] = [sys.executable, "-m", "cyclonedx_py", "environment", *options, environment.python]
    done = run_command(command, environment.folder, {"SOURCE_DATE_EPOCH": str(epoch)})
    return json.dumps(finish(json.loads(done.stdout), wheel), indent=1, sort_keys=True) + "\n"


def _validate(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.from_version(SPECIFICATION)).validate_str(text)
    if error is not None:
        raise Problem(f"the bill of materials must be valid CycloneDX {SPECIFICATION}: {str(error)[:500]}")
