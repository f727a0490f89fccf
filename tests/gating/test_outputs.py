from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from bench import gating
from bench.cli import app, main
from bench.gating import ci_reports, gate_report
from bench.gating.results import GateResult
from bench.records import Run

MakeRun = Callable[..., Run]
ODD = "<b onclick=x>&]]>|:,%\n::error::@me \x1b[2J\x00"


def call(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def lower(metric: str, by: float) -> Callable[[str, str, int], float]:
    return lambda _, name, index: -by * (1 + index % 3) / 2 if name == metric else 0.0


def swing(model: str, metric: str, index: int) -> float:
    return 0.3 if index % 2 else -0.3


@pytest.fixture
def odd(make_run: MakeRun) -> GateResult:
    """Every verdict, and names that would break every format."""
    ids = [f"{ODD}{index:02d}" for index in range(20)]
    models, protocols = {ODD: "a"}, ("center-50@1", "freeform@1")

    def change(model: str, metric: str, index: int) -> float:
        return {"psnr.hole": -1.0, "ssim.hole": swing(model, metric, index), "l1.hole": 0.0}[metric]

    a = make_run("a", models=models, protocols=protocols, ids=ids)
    b = make_run("b", models={ODD: "b"}, protocols=protocols, ids=ids, change=change)
    c = make_run("c", models={ODD: "b"}, protocols=protocols, ids=ids, signature="v2")
    return GateResult(gating.gate(a, b).checks + gating.gate(a, c).checks, (f"{ODD}: new",))


def test_junit_is_xml_that_counts_itself(odd: GateResult) -> None:
    root = ET.fromstring(ci_reports.as_junit(odd))  # noqa: S314 (our own text)

    cases = root.findall("testsuite/testcase")
    assert len(cases) == int(root.attrib["tests"]) == len(odd.checks)
    for tag, attribute, verdict in (
        ("failure", "failures", "REGRESSION"),
        ("error", "errors", "INCOMPARABLE"),
        ("skipped", "skipped", "INCONCLUSIVE"),
    ):
        count = odd.counts()[verdict]  # type: ignore[index]  # a Verdict
        assert count > 0
        assert len(root.findall(f"testsuite/testcase/{tag}")) == int(root.attrib[attribute]) == count
        assert sum(int(suite.attrib[attribute]) for suite in root.findall("testsuite")) == count
    assert "<b onclick=x>&]]>" in cases[0].attrib["name"]


def test_junit_of_a_strict_gate_fails_the_undecided(odd: GateResult) -> None:
    root = ET.fromstring(ci_reports.as_junit(odd, strict=True))  # noqa: S314 (our own text)

    assert root.attrib["skipped"] == "0"
    assert int(root.attrib["failures"]) == odd.counts()["REGRESSION"] + odd.counts()["INCONCLUSIVE"]


def test_markdown_holds_no_markup_of_names(odd: GateResult) -> None:
    page = gate_report.as_markdown(odd)

    assert "<b" not in page
    assert "\x1b" not in page
    assert "\x00" not in page
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {6}
    assert not any(line.startswith("::") for line in page.splitlines())


def test_annotations_are_one_line_each_and_cannot_be_forged(odd: GateResult) -> None:
    lines = ci_reports.as_annotations(odd).splitlines()

    assert len(lines) == len(odd.of("REGRESSION", "INCONCLUSIVE", "INCOMPARABLE"))
    assert all(line.startswith(("::error title=", "::warning title=")) for line in lines)
    for line in lines:
        title = line.split("::")[1].partition("title=")[2]
        assert title.startswith(("REGRESSION ", "INCONCLUSIVE ", "INCOMPARABLE "))
        assert "," not in title
        assert ":" not in title


def test_text_is_a_line_a_finding(odd: GateResult) -> None:
    text = gate_report.as_text(odd)

    words = [line.split()[0].rstrip(":") for line in text.splitlines()]
    grave = odd.of("REGRESSION", "INCONCLUSIVE", "INCOMPARABLE")
    assert words[: len(grave)] == [check.verdict for check in grave]
    assert text.splitlines()[-1].startswith("INCOMPARABLE: ")
    assert "\x1b" not in text


def test_the_regression_results_of_a_cell_are_one_line(make_run: MakeRun) -> None:
    result = gating.gate(make_run("a"), make_run("b", change=lambda *_: 0.1))

    line, total = gate_report.as_text(result).splitlines()
    assert line.startswith("REGRESSION")
    assert all(name in line for name in ("psnr.hole", "ssim.hole", "l1.hole", "40 of 40", "p0"))
    assert total == "REGRESSION: 3 regressions"


def test_the_command_writes_everything(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("a")
    make_run("b", models={"net": "b"}, change=lower("psnr.hole", 1.0))
    files = ("--markdown", tmp_path / "new" / "gate.md", "--junit", tmp_path / "gate.xml")

    code, out, err = call("gate", tmp_path / "a", tmp_path / "b", *files, "--github")

    assert code == 1
    assert out.splitlines()[0].startswith("REGRESSION    net center-50@1 psnr.hole: -0.9")
    assert out.splitlines()[-1] == "REGRESSION: 1 regression, 2 passed"
    assert "::error title=REGRESSION net center-50@1 psnr.hole::" in err
    assert "❌ REGRESSION" in (tmp_path / "new" / "gate.md").read_text()
    assert ET.parse(tmp_path / "gate.xml").getroot().attrib["failures"] == "1"  # noqa: S314 (our own text)


def test_json_is_one_object_on_stdout(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("a")
    make_run("b", models={"net": "b"}, change=lower("psnr.hole", 1.0))

    code, out, _ = call("gate", tmp_path / "a", tmp_path / "b", "--json", "--github")

    data = json.loads(out)
    assert (code, data["verdict"], data["counts"]["REGRESSION"]) == (1, "REGRESSION", 1)
    check = next(one for one in data["findings"] if one["verdict"] == "REGRESSION")
    assert (check["metric"], check["limit"], check["n"], check["unit"]) == (
        "psnr.hole",
        0.1,
        40,
        "dB",
    )
    assert len(check["samples"]) == 5


def test_annotations_come_by_themselves_on_github(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run("a")
    make_run("b", change=lower("psnr.hole", 1.0))
    for value, shown in (("true", True), ("", False)):
        monkeypatch.setenv("GITHUB_ACTIONS", value)
        assert ("::error" in call("gate", tmp_path / "a", tmp_path / "b")[2]) is shown


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_inconclusive_is_a_warning(make_run: MakeRun, tmp_path: Path, options: tuple[str, ...], code: int) -> None:
    make_run("a")
    make_run("b", change=swing)

    exit_code, out, err = call("gate", tmp_path / "a", tmp_path / "b", "--fail", "psnr.hole:0.05dB", *options)

    assert exit_code == code
    assert "pictures would decide" in out
    assert ("warning: INCONCLUSIVE" in err) == (code == 0)


def test_compare_prints_a_table_and_refuses_what_is_unlike(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("a", models={"net": "a", "old": "b"})
    make_run("b", change=lower("psnr.hole", 1.0))
    make_run("c", signature="v2")

    code, out, err = call("compare", f"{tmp_path / 'a'}:net", tmp_path / "b", "--markdown", tmp_path / "c.md")
    assert (code, err) == (0, "By PSNR hole, net is worse than its baseline in center-50.\n")
    assert "worse         psnr.hole dB" in out
    assert "worst in psnr.hole" in out
    assert "| worse | psnr.hole dB |" in (tmp_path / "c.md").read_text()
    code, out, err = call("compare", f"{tmp_path / 'a'}:net", tmp_path / "c", "--json")
    assert code == 2
    assert json.loads(out)["refused"][0].endswith("unlike signatures: version v1 against v2")
    assert "not comparable: net center-50@1 l1.hole: unlike signatures: version v1 against v2" in err
    code, out, _ = call("compare", tmp_path / "a")
    assert (code, "net -> old" in out) == (0, True)


def test_bad_input_is_one_line_and_exit_2(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run("a")
    make_run("d", revision="s" * 64)
    a = str(tmp_path / "a")
    for arguments, named in (
        (("gate", a, str(tmp_path)), "no run.json"),
        (("gate", a, str(tmp_path / "d")), "be of the same pictures"),
        (("gate", a, a, "--fail", "pnsr.hole:1dB"), "Did you mean psnr.hole"),
        (("gate", a, a, "--tolerance", "pnsr.hole:1dB"), "metric in --tolerance"),
        (("gate", a, a, "--fail", "psnr.hole"), "METRIC.REGION:AMOUNT"),
        (("gate", a, a, "--tolerance", "psnr.hole"), "--tolerance 'psnr.hole' must"),
        (("gate", f"{a}:nett", a), "Did you mean net"),
        (("compare", a), "have a baseline and a candidate"),
    ):
        monkeypatch.setattr(sys, "argv", ["spgbench", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        assert (stop.value.code, captured.out) == (2, ""), arguments
        assert captured.err.startswith("spgbench: ")
        assert captured.err.count("\n") == 1
        assert named in captured.err, captured.err


def test_help_and_gating_import_nothing_heavy(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("a")
    heavy = "{'torch', 'numba', 'cv2', 'pandas', 'matplotlib', 'scipy.stats', 'skimage', 'lpips', 'PIL', 'yaml'}"
    code = (
        "import sys; from typer.testing import CliRunner; from bench.cli import app\n"
        "def call(*arguments): return CliRunner().invoke(app, arguments).exit_code\n"
        "print(call('gate', '--help'), call('compare', '--help'), 'numpy' in sys.modules)\n"
        f"out = {str(tmp_path / 'a')!r}\n"
        "print(call('gate', out, out, '--paired'), call('compare', out, out))\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:3] == ["0 0 False", "0 0", "[]"]
