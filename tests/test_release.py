"""The checks before a release find what must not be released."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.release.bill_of_materials import finish
from tests.support.release.contents import sdist_problems, wheel_problems
from tests.support.release.licences import Package, licence_problems
from tests.support.release.report import NotChecked, Problem, Report
from tests.support.release.vulnerabilities import judge_audit

METADATA = """\
Metadata-Version: 2.4
Name: spgbench
License-Expression: Apache-2.0 AND LicenseRef-CamVid-weights
License-File: LICENSE
Requires-Python: >=3.11
Provides-Extra: diffusers
Provides-Extra: editor
Provides-Extra: hf
Provides-Extra: nvml
Provides-Extra: onnx
Provides-Extra: ray
Provides-Extra: slurm
Provides-Extra: train
Description-Content-Type: text/markdown

# spgbench

[Licence](LICENSE)

```sh
spgbench --help
```
"""
TRACKED = ("LICENSE", "README.md", "bench/__init__.py", "bench/alias/spgbench/__init__.py", "tests/test_x.py")
GOOD = {
    "bench/__init__.py": "",
    "spgbench/__init__.py": "",
    "spgbench-1.dist-info/METADATA": METADATA,
    "spgbench-1.dist-info/entry_points.txt": "[console_scripts]\nspgbench = bench.cli:main\n",
    "spgbench-1.dist-info/licenses/LICENSE": "",
}


def _wheel(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "spgbench-1-py3-none-any.whl"
    with ZipFile(path, "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return path


def _sdist(folder: Path, names: tuple[str, ...], link: str = "") -> Path:
    path = folder / "spgbench-1.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        for name in names:
            opened.addfile(tarfile.TarInfo(f"spgbench-1/{name}"), io.BytesIO())
        if link:
            member = tarfile.TarInfo(f"spgbench-1/{link}")
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/hosts"
            opened.addfile(member)
    return path


def test_a_good_wheel_and_a_good_sdist_have_no_problems(tmp_path: Path) -> None:
    assert wheel_problems(_wheel(tmp_path, GOOD), TRACKED) == []
    assert sdist_problems(_sdist(tmp_path, (*TRACKED, "PKG-INFO")), TRACKED) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"tests/test_x.py": ""}, "the wheel must not hold tests/test_x.py"),
        ({"bench/notes.py": ""}, "the wheel must not hold bench/notes.py"),
        ({"bench/core.so": ""}, "bench/core.so must have one of the suffixes"),
        ({"bench/__init__.py": None}, "the wheel must hold bench/__init__.py"),
        ({"spgbench-1.dist-info/licenses/LICENSE": None}, ".dist-info/licenses must hold LICENSE"),
        ({"bench/pretrained/camvid.safetensors": ""}, "License-File must name bench/pretrained/LICENSE-camvid.txt"),
        ({"bench/pretrained/camvid.safetensors": ""}, "must lie beside bench/pretrained/LICENSE-camvid.txt"),
        ({"spgbench-1.dist-info/entry_points.txt": "[x]\ny = z:a\n"}, "entry points must be"),
        ({"spgbench-1.dist-info/METADATA": METADATA.replace(" AND LicenseRef", "#")}, "License-Expression must be"),
        ({"spgbench-1.dist-info/METADATA": METADATA.replace("ray", "rays")}, "the extras must be"),
        ({"spgbench-1.dist-info/METADATA": METADATA.replace("(LICENSE)", "(lost.md)")}, "the README links lost.md"),
        ({"spgbench-1.dist-info/METADATA": METADATA.partition("\n\n")[0] + "\n\n"}, "the README must have a heading"),
    ],
)
def test_a_wheel_that_holds_or_says_something_else_is_found(
    tmp_path: Path, change: dict[str, str | None], problem: str
) -> None:
    files = {name: text for name, text in {**GOOD, **change}.items() if text is not None}

    assert problem in "; ".join(wheel_problems(_wheel(tmp_path, files), TRACKED))


def test_an_sdist_with_a_file_too_many_or_too_few_or_a_link_is_found(tmp_path: Path) -> None:
    names = (*TRACKED[1:], "PKG-INFO", "secret.env")

    problems = sdist_problems(_sdist(tmp_path, names, link="bench/data"), TRACKED)

    assert problems == [
        "the sdist must not hold secret.env",
        "the sdist must hold LICENSE",
        "spgbench-1/bench/data must be a file, not a link",
    ]


@pytest.mark.parametrize(
    ("licences", "accepted"),
    [
        (("MIT",), True),
        (("Apache-2.0 AND MIT",), True),
        (("MIT OR GPL-3.0-only",), True),
        (("BSD License", "BSD 3-Clause License"), True),
        (("GPL-3.0-or-later WITH GCC-exception-3.1 AND MIT",), True),
        (("Apache-2.0 WITH LLVM-exception",), True),
        (("MIT AND GPL-3.0-only",), False),
        (("GNU Affero General Public License v3",), False),
        (("MIT License", "GPLv3"), False),
        (("(MIT OR GPL-3.0-only) AND AGPL-3.0-only",), False),
        (("MIT with the condition of no commercial use",), False),
        (("UNKNOWN",), False),
        ((), False),
    ],
)
def test_only_licences_of_the_list_are_accepted(licences: tuple[str, ...], accepted: bool) -> None:
    package = Package("thing", "1", licences)

    assert package.is_accepted is accepted
    assert bool(licence_problems([package], [])) is not accepted


def test_exceptions_are_for_what_they_say() -> None:
    lint, fine = Package("codespell", "1", ("GPL-2.0-only",)), Package("atheris", "1", ("Apache-2.0",))

    assert licence_problems([lint], []) == []
    assert "must not be required by the wheel" in licence_problems([lint], [lint])[0]
    assert "needs no exception any more" in licence_problems([fine], [])[0]


def test_packages_that_no_service_knows_are_not_called_free_of_vulnerabilities() -> None:
    known, unknown = {"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}
    faulty = {"name": "c", "version": "2", "vulns": [{"id": "X-1"}]}

    assert judge_audit({"dependencies": [known]}) == "no known vulnerability in 1 packages"
    for answer, why in [(None, "not reachable"), ({"dependencies": [unknown]}, "knows none")]:
        with pytest.raises(NotChecked, match=why):
            judge_audit(answer)
    with pytest.raises(NotChecked, match="1 of 2 packages are unknown to the service: b"):
        judge_audit({"dependencies": [known, unknown]})
    with pytest.raises(Problem, match="c 2: X-1"):
        judge_audit({"dependencies": [known, unknown, faulty]})


def test_the_serial_number_of_a_bill_follows_from_what_it_lists(tmp_path: Path) -> None:
    wheel = _wheel(tmp_path, GOOD)

    def bill(*components: str) -> str:
        metadata = {
            "component": {"name": "spgbench"},
            "tools": {"components": [{"name": "t", "externalReferences": 1}]},
        }
        done = finish({"metadata": metadata, "components": list(components)}, wheel)
        assert done["metadata"]["tools"]["components"] == [{"name": "t"}]
        return str(done["serialNumber"])

    assert bill("torch") == bill("torch") != bill("numpy")


def _raising(error: Exception) -> Callable[[], str]:
    def check() -> str:
        raise error

    return check


def test_the_report_counts_failures_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()

    assert report.check("fine", lambda: "3 files")
    assert report.check("remote", _raising(NotChecked("not reachable")))
    assert report.summary() == "release-check: no check failed; not checked: remote"
    assert not report.check("bad", _raising(Problem("2 files too many")))
    assert not report.check("broken", _raising(KeyError("x")))

    assert report.summary() == "release-check: 2 checks failed: bad, broken"
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["ok", "not", "FAILED", "FAILED"]
