"""Check that the ranges of int8 are those of nearly all values of each channel."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import made_up

from training.graphs.calibration import CLIPPED, WINDOW, measure
from training.model import NoteModel

STEPS, ROWS = 2 * WINDOW + 100, 8


def test_a_range_is_exceeded_by_one_value_in_a_thousand() -> None:
    torch.manual_seed(5)
    model = NoteModel("transformer", width=128, head_width=32)
    model.backbone = made_up.awake(type(model.backbone)(128, layers=2, window=40)).eval()
    events, controls, _ = made_up.steps(STEPS, ROWS)
    outputs = []
    model.backbone.last.register_forward_hook(lambda _module, _inputs, output: outputs.append(output.detach()))
    ranges = measure(model, events, controls)
    values = np.abs(torch.cat(outputs).flatten(0, -2).numpy())
    assert len(values) == STEPS * ROWS
    above = (values > ranges["last"]).sum(axis=0)
    assert (above == round(CLIPPED * STEPS * ROWS) - 1).all()
    assert (ranges["last"] < values.max(axis=0)).all()
