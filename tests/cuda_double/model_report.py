"""Steps a model folder on the double of CUDA and prints what was copied: ``model_report.py FOLDER plain|capture``.

Kernels do nothing there, so what a model says means something only if its nodes are copies.
"""

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from longplay import _core
from longplay._model.folder import load_model
from longplay._model.runtime import library_path

ROWS, INDEX = 4, 1


def copies() -> dict[str, int]:
    """Count copies and bytes so far (to the device, from it, within it), and replays of captured graphs."""
    counts = (ctypes.c_size_t * 8)()
    ctypes.CDLL(os.environ["LONGPLAY_CUDA_DOUBLE"]).double_counts(counts)
    names = ("up", "down", "within", "up_bytes", "down_bytes", "within_bytes", "recorded", "replays")
    return dict(zip(names, counts, strict=True))


def main(folder: Path, capture: bool) -> None:
    model_folder = load_model(folder)
    fields, controls = (len(model_folder.config[key]) for key in ("fields", "controls"))
    runtime = _core.Runtime(str(library_path()))
    try:
        model = _core.Model(runtime, model_folder.files, _core.Device.cuda(INDEX, capture), ROWS)
    except _core.DeviceError as error:
        print(json.dumps({"refused": str(error)}))
        return
    report: dict[str, Any] = {"opened": copies()}

    states = [bytes((row + index) % 251 for index in range(model.state_bytes)) for row in range(ROWS)]
    zeros = [model.save(row) for row in range(ROWS)]
    report["zeros"] = all(state == bytes(model.state_bytes) for state in zeros)
    for row, state in enumerate(states):
        model.load(row, state)
    report["loaded"] = [model.save(row) for row in range(ROWS)] == states

    event = np.arange(ROWS * fields).reshape(ROWS, fields) % 3
    control = np.zeros((ROWS, controls), np.int64)
    report["said"] = []
    for _ in range(3):
        before, row_copies = copies(), model.row_copies
        logits = [model.step(event, control).tolist()]
        step = {name: count - before[name] for name, count in copies().items()}
        logits += [model.head(field, event[:, :field].copy()).tolist() for field in range(1, fields)]
        report["said"].append(logits)
        report["step"] = step | {"rows": model.row_copies - row_copies}
    report["kept"] = [list(model.save(row)) for row in range(ROWS)]
    print(json.dumps(report | {"states": [list(state) for state in states]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "capture")
