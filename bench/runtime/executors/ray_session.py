"""Ray for the time of a run: found, started or reached, and left as it was."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.runtime.cores import usable_cores

__all__ = ["RayRequest", "connected", "import_ray"]

_REACHED_WITHIN = 20.0  # seconds
_OBJECT_STORE = 256 << 20  # bytes: only a task and small results lie there


@dataclass(frozen=True)
class RayRequest:
    """What the workers of a run ask of Ray.

    Attributes:
        workers: actors.
        device: torch device.
        address: of a cluster; None: this machine alone.
        cpus: CPU cores of an actor.
        gpus: GPUs of an actor; None: found out.

    Raises:
        UsageError: an address that is none.
    """

    workers: int
    device: str
    address: str | None
    cpus: float
    gpus: float | None

    def __post_init__(self) -> None:
        if self.address is None or self.address == "auto":
            return
        host, _, port = self.address.rpartition(":")
        if "/" in host or not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            fix = "Run the command on a machine of the cluster, with --ray-address HOST:PORT of its head or auto."
            raise UsageError("--ray-address", "be HOST:PORT or auto", f"'{self.address}'", fix)

    @property
    def threads(self) -> int:
        """CPU threads of an actor."""
        return max(1, int(self.cpus))

    @property
    def worker_device(self) -> str:
        """The device as an actor sees it: of CUDA devices it sees those alone that Ray gives it."""
        return "cuda:0" if self.device.startswith("cuda") else self.device

    @property
    def in_words(self) -> str:
        """`1 CPU cores and 0.5 GPUs`."""
        gpus = 0 if not self.device.startswith("cuda") else 1 if self.gpus is None else self.gpus
        return f"{self.cpus:g} CPU cores" + (f" and {gpus:g} GPUs" if gpus else "")


def import_ray() -> Any:
    """The package; raises UsageError where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        fix = "Install the extra: pip install 'spgbench[ray]'."
        raise UsageError("--executor ray", "find the package ray", "none", fix) from error
    return ray


@contextmanager
def connected(ray: Any, request: RayRequest) -> Iterator[dict[str, float]]:
    """Connect to Ray for the block, or use the connection that this process has; yields the resources of an actor.

    Raises:
        UsageError: Ray cannot be reached or started, or has no GPU for a run on one.
    """
    if ray.is_initialized():
        yield _resources(ray, request)
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        _connect(ray, request)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray puts its own in the place
        yield _resources(ray, request)
    finally:
        ray.shutdown()
        _forget_copies(ray)


def _forget_copies(ray: Any) -> None:
    """Hide the copies of other packages that Ray has loaded: they must not count as installed."""
    copies = Path(ray.__file__).parent / "thirdparty_files"
    sys.path[:] = [entry for entry in sys.path if entry != str(copies)]


def _connect(ray: Any, request: RayRequest) -> None:
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if request.address is None:
        cores = max(usable_cores(), int(request.workers * request.cpus + 0.999))
        settings |= {"num_cpus": cores, "include_dashboard": False, "object_store_memory": _OBJECT_STORE}
    address = os.environ.get("RAY_ADDRESS", "auto") if request.address == "auto" else request.address
    if address not in (None, "auto"):  # Ray itself finds out whether one runs on this machine
        _refuse_unreachable(address)
    try:
        ray.init(address=address or "local", **settings)
    except (OSError, RuntimeError, ValueError) as error:
        found = " ".join(str(error).split())[:300]
        raise _unreachable(request.address, found) from error


def _refuse_unreachable(address: str) -> None:
    """Ask for the status of a cluster in a process of its own: `ray.init` has no time limit."""
    host, _, port = address.rpartition(":")
    code = "from ray.scripts.scripts import main; main()"
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED_WITHIN / 4).close()
        subprocess.run(  # noqa: S603 (this Python)
            [sys.executable, "-c", code, "status", "--address", address],
            timeout=_REACHED_WITHIN,
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise _unreachable(address, str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise _unreachable(address, f"no answer within {_REACHED_WITHIN:g} s") from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines() or ["no answer"]
        raise _unreachable(address, last[-1][:300]) from error


def _unreachable(address: str | None, found: str) -> UsageError:
    if address is None:
        return UsageError("Ray", "start on this machine", found, "Use --executor local.")
    return UsageError(f"Ray at {address}", "be reached", found, "See `ray status` on the head of the cluster.")


def _resources(ray: Any, request: RayRequest) -> dict[str, float]:
    """What an actor asks for."""
    if not request.device.startswith("cuda"):
        return {"num_cpus": request.cpus, "num_gpus": 0}
    gpus = request.gpus
    if gpus is None and request.address is None:
        there = ray.cluster_resources().get("GPU", 0)
        if not there:
            fix = "Use --device cpu, or --ray-address of a cluster that has GPUs."
            raise UsageError("Ray on this machine", f"have a GPU for --device {request.device}", "none", fix)
        gpus = min(1.0, int(10_000 * there / request.workers) / 10_000)
    return {"num_cpus": request.cpus, "num_gpus": 1 if gpus is None else gpus}
