"""Training with the rounded numbers of int8 products."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import torch

from training.corpus import Corpus
from training.export import write_model
from training.folder import ModelFolder
from training.model import NoteModel
from training.rounding import Rounding, calibrate
from training.scoring import torch_scorer
from training.train import open_run


@pytest.fixture
def model() -> NoteModel:
    """Return a small model with large weights, in which rounding is visible."""
    torch.manual_seed(3)
    model = NoteModel("short-transformer", width=128, head_width=32, vocabulary="fine", intervals=True).eval()
    with torch.no_grad():
        for weight in [*model.backbone.parameters(), model.out.weight]:
            weight.add_(0.05 * torch.randn_like(weight)) if weight.ndim == 2 else None
    return model


def test_a_rounded_model_scores_as_its_int8_graph(model: NoteModel, prepared: Path, tmp_path: Path) -> None:
    ranges = calibrate(model, prepared)
    write_model(model, tmp_path / "int8", name="rounded", precision="int8", ranges=ranges)
    reading = Corpus(prepared, "train", model.vocabulary).read(0)
    music = [array[:, None].astype(np.int64) for array in (reading.events, reading.controls, reading.targets)]
    exact, int8 = torch_scorer(model)(*music), ModelFolder(tmp_path / "int8").score(*music)
    with Rounding(model, ranges)():
        rounded = torch_scorer(model)(*music)
    errors, differences = np.abs(int8 - exact), np.abs(int8 - rounded)
    assert errors.mean() > 1e-2
    assert differences.mean() < 0.3 * errors.mean()  # only the graph rounds the notes in its states


def test_weights_are_exact_after_the_block(model: NoteModel, prepared: Path) -> None:
    before = [weight.detach().clone() for weight in model.parameters()]
    rounding, rounded = Rounding(model, calibrate(model, prepared)), {}
    with contextlib.suppress(KeyError), rounding():
        rounded["out"] = model.out.weight.detach().clone()
        raise KeyError
    assert not torch.equal(rounded["out"], model.out.weight)
    assert all(torch.equal(weight, value) for weight, value in zip(model.parameters(), before, strict=True))
    output = model.run_backbone(*_silence(model))[0]
    assert torch.equal(output, model.run_backbone(*_silence(model))[0])


def _silence(model: NoteModel) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]]:
    return torch.zeros(4, 1, 4, dtype=torch.int64), torch.zeros(4, 1, 2, dtype=torch.int64), model.zero_state(1)


def test_clipped_values_get_no_gradient(model: NoteModel, prepared: Path) -> None:
    """With a gradient, they would grow without end, and the model without clipping would be lost."""
    ranges = calibrate(model, prepared)
    for share, clipped in ((1.0, False), (1e-6, True)):
        model.zero_grad()
        with Rounding(model, {name: share * values for name, values in ranges.items()})():
            model.run_backbone(*_silence(model))[0].square().sum().backward()
        gradient = model.events[0].weight.grad
        assert gradient is not None
        assert (gradient == 0).all() == clipped


def test_a_run_learns_with_rounded_numbers(prepared: Path, tmp_path: Path) -> None:
    kind = ["--backbone", "short-transformer", "--width", "128", "--head-width", "16", "--rows", "2"]
    sizes = ["--window", "16", "--learning-rate", "6e-3", "--warmup-steps", "1", "--precision", "fp32"]
    options = ["--data", str(prepared), "--vocabulary", "fine", *kind, *sizes]
    exact = open_run([*options, "--out", str(tmp_path / "exact")])
    rounded = open_run([*options, "--out", str(tmp_path / "rounded"), "--rounded"])
    losses = [[sum(run.advance()) for _ in range(60)] for run in (exact, rounded)]
    assert losses[0] != losses[1]
    assert all(sum(each[-5:]) < 0.9 * sum(each[:5]) for each in losses)


def test_other_backbones_are_refused(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^rounded needs the backbone far-transformer or short-transformer$"):
        open_run(["--data", str(prepared), "--out", str(tmp_path / "run"), "--width", "32", "--rounded"])
