"""Choose the number format that trains faster on a machine, and measure the speed of its products."""

import time

import torch

KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16}
WIDTH = 1024


def choose_precision(wanted: str, device: torch.device) -> str:
    """Return ``fp32`` or ``bf16``; ``auto`` measures a product in both and returns the faster."""
    if wanted in KINDS:
        return wanted
    if wanted != "auto":
        raise ValueError(f"precision must be auto, fp32 or bf16, not {wanted!r}")
    return max(KINDS, key=lambda precision: measure_peak(precision, device))


def measure_peak(precision: str, device: torch.device) -> float:
    """Return the operations per second of the fastest of ten products of `WIDTH`; a multiply-add counts as two."""
    matrix = torch.ones(WIDTH, WIDTH, dtype=KINDS[precision], device=device)
    seconds = []
    for _ in range(11):
        start = time.perf_counter()
        float((matrix @ matrix)[0, 0])  # waits for the device
        seconds.append(time.perf_counter() - start)
    return 2 * WIDTH**3 / min(seconds[1:])
