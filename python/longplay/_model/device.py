"""Names of devices."""

import re
from typing import TypeAlias

from longplay._base.require import show

DeviceName: TypeAlias = str
"""``"cpu"``; ``"cuda"`` or ``"cuda:1"``, a GPU by its number; or ``"auto"``, which chooses."""


def gpu_index(device: DeviceName) -> int | None:
    """Return the number of the GPU that a device name means, or None for "cpu" and "auto".

    Raises
    ------
    ValueError
        The name is not the name of a device.
    """
    named = re.fullmatch(r"auto|cpu|cuda(?::(\d{1,4}))?", device) if isinstance(device, str) else None
    if not named:
        raise ValueError(f"device must be 'auto', 'cpu', 'cuda' or 'cuda:N', not {show(device)}")
    return int(named[1] or 0) if device.startswith("cuda") else None
