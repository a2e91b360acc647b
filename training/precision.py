"""Which number format trains faster on this machine."""

import time

import torch


def choose_precision(wanted: str, device: torch.device) -> str:
    """Return ``fp32`` or ``bf16``; ``auto`` measures a product in both and takes the faster."""
    if wanted in ("fp32", "bf16"):
        return wanted
    if wanted != "auto":
        raise ValueError(f"precision must be auto, fp32 or bf16, not {wanted!r}")
    times = {name: _seconds(kind, device) for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16))}
    return min(times, key=lambda name: times[name])


def _seconds(kind: torch.dtype, device: torch.device) -> float:
    """Least of five times of a product of two matrices 512 wide."""
    matrix = torch.ones(512, 512, dtype=kind, device=device)
    times = []
    for _ in range(6):
        start = time.perf_counter()
        float((matrix @ matrix)[0, 0])  # waits for the device
        times.append(time.perf_counter() - start)
    return min(times[1:])
