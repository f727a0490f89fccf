from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from bench.cli import app, main
from bench.errors import UsageError

COMMANDS = [command.name for command in app.registered_commands] + ["masks export", "masks identify", "masks passport"]
CATALOGUES = ("models", "datasets", "protocols", "metrics", "judges", "suites", "splits")


def spgbench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own."""
    command = [sys.executable, "-m", "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def call(*arguments: str | Path) -> tuple[int, str, str]:
    """The command in this process, errors and exit codes as `main` makes them."""
    runner = CliRunner()
    result = runner.invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    code, out, _ = call(*command.split(), "--help")

    assert code == 0
    assert re.search(rf"Example: spgbench {command}", out), out


def test_listing_and_help_import_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from bench.cli import app;"
        "results = [CliRunner().invoke(app, arguments.split()) for arguments in"
        f" {['--help', *(f'ls {name}' for name in CATALOGUES), 'run --help']!r}];"
        "assert all(result.exit_code == 0 for result in results);"
        "heavy = {'torch', 'numba', 'cv2', 'pandas', 'matplotlib', 'scipy', 'skimage', 'lpips'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("what", CATALOGUES)
def test_listing_as_text_and_json(what: str) -> None:
    _, text, _ = call("ls", what)
    _, data, _ = call("ls", what, "--json")

    entries = json.loads(data)
    assert entries
    own, _, others = text.partition("\nUnder the rules of other evaluators")
    theirs = re.findall(r"[\w-]+(?=, |\n|$)", others.partition(":\n\n")[2]) if others else []
    listed = [line.split()[0] for line in own.splitlines()]
    names = [entry["name"] for entry in entries]
    assert listed == [name for name in names if name in listed]
    assert {*listed, *theirs} >= {*names}
    assert bool(others) == (what == "metrics")
    assert all(entry["summary"] for entry in entries)


def test_run_report_and_score_of_one_folder(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    data = ("--dataset", "folder", "--data-root", picture_folder(5), "--size", "48")
    out = tmp_path / "out"

    ran = spgbench("run", "quick", *data, "--models", "mean,flat=telea", "--limit", "4", "-o", out)
    assert ran.returncode == 0, ran.stderr
    assert "| flat" in ran.stdout
    assert "s in all" in ran.stderr
    assert f"open {out / 'report.html'}" in ran.stderr
    assert {file.suffix for file in (out / "tables").iterdir()} == {".md", ".tex", ".csv", ".html"}
    assert {file.suffix for file in (out / "plots").iterdir()} == {".png", ".pdf"}
    assert list((out / "gallery").glob("*.png"))

    reported, table, _ = call("report", out)
    assert (reported, table) == (0, ran.stdout)

    made = tmp_path / "made"
    protocols = ("--protocols", "center-50,freeform,irregular-20-30,object", "--limit", "4")
    assert call("predict", "--models", "mean", *data, *protocols, "-o", made)[0] == 0
    scored, table, err = call("score", made / "mean", "--name", "joined", *data, *protocols, "-o", out)
    assert scored == 0, err
    rows = {
        line.split("|")[1].strip(): line.split("|")[2:]
        for line in table.splitlines()
        if line.startswith(("| mean", "| joined"))
    }
    assert rows["joined"] == rows["mean"]


def test_masks_export(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    data = ("--dataset", "folder", "--data-root", picture_folder(3), "--size", "48x64")

    code, out, _ = call("masks", "export", *data, "--protocols", "half-left,object", "-o", tmp_path / "holes")

    assert code == 0
    files = [Path(line) for line in out.splitlines()]
    assert [file.name for file in files] == ["manifest.json", "half-left@1.png", "object@2.png"]
    with Image.open(tmp_path / "holes" / "half-left@1" / "holes" / "p000.png") as hole:
        assert hole.size == (64, 48)


def test_failed_samples_make_exit_1(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    for index in range(3):
        Image.new("RGB", (48 if index else 20, 48)).save(folder / f"p{index:03d}.png")
    data = ("--dataset", "folder", "--data-root", picture_folder(3), "--size", "48", "--protocols", "center-50")

    code, out, err = call("score", folder, *data, "--metrics", "psnr", "-o", tmp_path / "out")

    assert code == 1
    assert "1 samples failed" in err
    assert "be as large as its sample" in out


def bad(folder: Path) -> list[tuple[Sequence[str | Path], str]]:
    """Commands that cannot be meant, and what the message must name."""
    (folder / "empty").mkdir()
    (folder / "suite.yaml").write_text("modles: [telea]\n")
    (folder / "used").mkdir()
    (folder / "used" / "file").touch()
    return [
        (("run", "quikc"), "Did you mean quick"),
        (("run", folder / "suite.yaml"), "Did you mean models"),
        (("run", "--models", "telae"), "Did you mean telea"),
        (("run", "--protocols", "freefrom"), "Did you mean freeform"),
        (("run", "--metrics", "pnsr"), "Did you mean psnr"),
        (("run", "--dataset", "camvit"), "Did you mean camvid"),
        (("run", "--dataset", "camvid"), "--data-root"),
        (("run", "--dataset", "folder", "--data-root", folder / "empty"), "images"),
        (("run", "--size", "0"), "size"),
        (("run", "--device", "cuda:99"), "device 'cuda:99'"),
        (("run", "--models", "mean", "-o", folder / "used"), "files that no run wrote"),
        (("report", folder / "empty"), "no run.json"),
        (("score", folder / "nowhere"), "no such folder"),
        (("run", "--protocols", f"files:{folder / 'empty'}"), "empty"),
    ]


def test_bad_input_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, named in bad(tmp_path):
        monkeypatch.setattr(sys, "argv", ["spgbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        assert stop.value.code == 2, arguments
        assert captured.out == "", arguments
        assert captured.err.startswith("spgbench: "), captured.err
        assert named in captured.err, captured.err
        assert "Traceback" not in captured.err
    assert not (tmp_path / "results").exists()


def test_power_before_a_run() -> None:
    options = ("--difference", "0.3", "--spread", "1", "--suite", "quick", "--metrics", "PSNR", "--regions", "hole")
    code, out, _ = call("power", *options, "--pictures", "12,400")

    assert code == 0
    assert re.fullmatch(
        r"\+0\.3000, spread 1\.0000: about \d+ pictures find it with 80 %, 12 with \d+ %, 400 with \d+ %\n"
        r"30 tests corrected together \(Holm, first step\) at 5 %: below 11 pictures no outcome can be significant\n",
        out,
    )
    code, out, _ = call("power", "--difference", "0.3", "--spread", "0", "--json")
    assert json.loads(out)["rows"][0]["needed"] == json.loads(out)["fewest"] == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "know a run, or --difference and --spread"),
        (("--difference", "1", "--spread", "1", "--power", "1"), "lie between 0 and 1"),
        (("--difference", "1", "--spread", "1", "--pictures", "1"), "be from 2 to 20,000"),
        (("--difference", "1", "--spread", "1", "--pictures", "x"), "be a whole number"),
        (("--difference", "1", "--spread", "1", "--suite", "quick", "--regions", "hol"), "Did you mean hole"),
    ],
)
def test_power_refuses_what_has_no_answer(options: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call("power", *options)


def test_doctor_is_content_here() -> None:
    done = spgbench("doctor")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok      torch with torchvision" in done.stdout


def test_doctor_names_what_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.cli import doctor

    def missing(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(doctor, "version", missing)
    code, out, err = call("doctor")

    assert code == 3
    assert "FAILED  torch: not installed" in out
    assert "checks failed" in err
