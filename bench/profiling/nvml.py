"""Clocks, temperature, throttle reasons and energy of a GPU, from NVIDIA's NVML; nothing where NVML is missing."""

from __future__ import annotations

from typing import Any

from bench.runtime.nvml import ask_nvml

__all__ = ["driver", "energy", "state"]

_REASONS = {
    0x4: "software power cap",
    0x8: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "hardware power brake",
}
"""Bits of nvmlClocksThrottleReasons that mean an unwanted slowdown; idle and user settings are left out."""


def energy(device: str) -> float | None:
    """Energy of the GPU since the driver was loaded, in joules, or None."""
    used = ask_nvml(device, lambda nvml, gpu: nvml.nvmlDeviceGetTotalEnergyConsumption(gpu))
    return None if used is None else float(used) / 1e3


def driver(device: str) -> str | None:
    """Version of the driver, or None."""
    found = ask_nvml(device, lambda nvml, _: nvml.nvmlSystemGetDriverVersion())
    return None if found is None else str(found)


def state(device: str) -> dict[str, Any]:
    """`clock_mhz`, `memory_clock_mhz`, `temperature_c`, `power_w`, `throttle` (reasons), where known."""
    told = {
        "clock_mhz": ask_nvml(device, lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_SM)),
        "memory_clock_mhz": ask_nvml(device, lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_MEM)),
        "temperature_c": ask_nvml(
            device, lambda nvml, gpu: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU)
        ),
        "power_w": ask_nvml(device, lambda nvml, gpu: nvml.nvmlDeviceGetPowerUsage(gpu) / 1e3),
        "throttle": ask_nvml(device, _throttle_reasons),
    }
    return {name: value for name, value in told.items() if value is not None}


def _throttle_reasons(nvml: Any, gpu: Any) -> list[str]:
    bits = int(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(gpu))
    return [reason for bit, reason in _REASONS.items() if bits & bit]
