"""Checks a release of the last commit and writes it to dist/: `make release-check`.

The exit code is 1 if a check fails. Nothing is published.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from tests.support.release import bill_of_materials, builds, contents, installed, licences, vulnerabilities
from tests.support.release.commands import Environment, run_command
from tests.support.release.report import Problem, Report

ROOT = Path(__file__).parents[3]
_EXTRAS = "[diffusers,editor,hf,nvml,onnx,ray,slurm,train]"
_GROUPS = ("dev", "docs", "fuzz", "lint", "release", "test")


@dataclass(frozen=True)
class _Release:
    """Everything that the checks share.

    Attributes:
        commit: what is released.
        work: a temporary folder outside the checkout.
        built: the first of the two builds.
    """

    commit: builds.Commit
    work: Path
    built: builds.Distributions

    def clean(self) -> Environment:
        """The wheel and its requirements alone."""
        return self._environment("clean", self.built.wheel)

    def with_extras(self) -> Environment:
        """The wheel with all its extras."""
        return self._environment("extras", f"{self.built.wheel}{_EXTRAS}")

    def with_tools(self) -> Environment:
        """All that a developer installs as well."""
        groups = [option for name in _GROUPS for option in ("--group", f"{ROOT / 'pyproject.toml'}:{name}")]
        return self._environment("tools", f"{self.built.wheel}{_EXTRAS}", *groups)

    def _environment(self, name: str, *what: str | Path) -> Environment:
        environment = Environment(self.work / name)
        if not environment.python.exists():
            environment.install(ROOT / "constraints.txt", *what)
        return environment

    def foreign(self) -> Path:
        """An empty folder to call commands from."""
        shutil.rmtree(self.work / "elsewhere", ignore_errors=True)
        (self.work / "elsewhere").mkdir()
        return self.work / "elsewhere"


def main() -> int:
    """Make all checks; returns the exit code."""
    report = Report()
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    commit = builds.Commit.last(ROOT)
    with TemporaryDirectory(prefix="release-") as folder:
        work = Path(folder)
        made: list[builds.Distributions] = []
        report.check("commit", lambda: _commit(commit))
        if report.check("two builds", lambda: _builds(commit, work, dist, made)):
            release = _Release(commit, work, made[0])
            for name, check in _checks(release, dist).items():
                report.check(name, check)
            report.check("SHA256SUMS", lambda: _sums(dist))
    typer.echo(report.summary())
    return bool(report.failed)


def _checks(release: _Release, dist: Path) -> dict[str, Callable[[], str]]:
    wheel, tracked = release.built.wheel, release.commit.files
    bill = dist / f"{wheel.name.split('-py3')[0]}.cdx.json"
    return {
        "wheel": lambda: _none(contents.wheel_problems(wheel, tracked), f"{wheel.stat().st_size} bytes"),
        "sdist": lambda: _none(contents.sdist_problems(release.built.sdist, tracked), f"{len(tracked)} files"),
        "build and tests of the sdist": lambda: _sdist(release),
        "installed: modules and data": lambda: installed.load_everything(release.clean(), release.foreign()),
        "installed: commands": lambda: installed.call_commands(release.clean(), release.foreign()),
        "installed: missing extras": lambda: installed.ask_for_extras(release.clean(), release.foreign()),
        "installed: editor": lambda: installed.serve_editor(release.with_extras(), release.foreign()),
        "licences": lambda: _licences(release, dist),
        "vulnerabilities": lambda: vulnerabilities.audit(ROOT / "constraints.txt", release.work),
        "bill of materials": lambda: bill_of_materials.write_bill(
            ROOT, release.clean(), wheel, release.commit.time, bill
        ),
        "installed: evaluation": lambda: installed.evaluate(release.clean(), release.foreign()),
    }


def _commit(commit: builds.Commit) -> str:
    changed = builds.changed_files(ROOT)
    if changed:
        raise Problem(f"{len(changed)} changed files are not in the last commit, which is what is built: {changed[:5]}")
    return commit.name


def _builds(commit: builds.Commit, work: Path, dist: Path, made: list[builds.Distributions]) -> str:
    made.append(builds.build_twice(commit, work))
    for file in (made[0].wheel, made[0].sdist):
        shutil.copyfile(file, dist / file.name)
    return f"same bytes, wheel {builds.sha256(made[0].wheel)[:12]}, sdist {builds.sha256(made[0].sdist)[:12]}"


def _sdist(release: _Release) -> str:
    """The sdist builds the same wheel, and its tests are found and pass against the installed packages."""
    folder = builds.from_sdist(release.commit, release.work, release.built)
    tools = release.with_tools()
    run_command([tools.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_public_names.py"], folder)
    return "the same wheel; tests/test_public_names.py passes"


def _licences(release: _Release, dist: Path) -> str:
    packages = licences.installed_packages(release.with_tools())
    of_users = licences.installed_packages(release.with_extras())
    licences.write_list(packages, dist / "licences.tsv")
    taken = sum(one.name in licences.EXCEPTIONS for one in packages)
    return _none(licences.licence_problems(packages, of_users), f"{len(packages)} packages, {taken} of them exceptions")


def _sums(dist: Path) -> str:
    files = sorted(file for file in dist.iterdir() if file.name != "SHA256SUMS")
    lines = [f"{builds.sha256(file)}  {file.name}\n" for file in files]
    (dist / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return ", ".join(file.name for file in files)


def _none(problems: list[str], found: str) -> str:
    """`found`, if there are no problems."""
    if problems:
        raise Problem("; ".join(problems[:20]) + (f"; and {len(problems) - 20} more" if len(problems) > 20 else ""))
    return found


if __name__ == "__main__":
    sys.exit(main())
