from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bench.cli.console.stopping import continuing_command, stoppable


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_block_and_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["spgbench", "run", "quick"])
    before = signal.getsignal(number)

    def work() -> None:
        with stoppable("all is kept"):
            os.kill(os.getpid(), number)
            signal.pause()

    with pytest.raises(typer.Exit) as stopped:
        work()

    assert stopped.value.exit_code == code
    assert "stopped; all is kept. To go on:\nspgbench run quick\n" in capsys.readouterr().err
    assert signal.getsignal(number) == before


def test_patient_work_ends_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    steps: list[int] = []

    def work() -> None:
        with stoppable("all is kept") as stop:
            stop.patient = True
            while not stop.wanted:
                steps.append(1)
                if len(steps) == 3:
                    os.kill(os.getpid(), signal.SIGINT)
            raise KeyboardInterrupt

    with pytest.raises(typer.Exit):
        work()

    assert len(steps) >= 3
    assert "Ctrl-C again ends at once" in capsys.readouterr().err


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "from bench.cli.console.stopping import stoppable\n"
        "with stoppable('all is kept') as stop:\n"
        "    stop.patient = True\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    open('late', 'w')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)

    assert done.returncode == 130
    assert not (tmp_path / "late").exists()


def test_the_command_that_goes_on_does_not_begin_again() -> None:
    assert continuing_command(["run", "--reuse", "never", "-o", "my out"]) == "spgbench run -o 'my out'"
    assert continuing_command(["train", "spgnet", "--restart"]) == "spgbench train spgnet"
