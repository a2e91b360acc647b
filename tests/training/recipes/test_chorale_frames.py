"""Check the recipe of RNN-NADE and of independent keys."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import write_chorales

from longplay.importing.writing import largest_difference
from training.recipes import chorale_frames, chorale_frames_graph
from training.recipes.chorale_frames import END, KEYS, Kind
from training.recipes.language import write_folder

each_kind = pytest.mark.parametrize("kind", ["nade", "independent"])


def random_model(kind: Kind) -> chorale_frames.FrameModel:
    torch.manual_seed(6)
    model = chorale_frames.FrameModel(kind, 8, 4)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape))
        model.key_bias.bias -= 2
    return model


@each_kind
def test_the_likelihood_is_that_of_a_count_in_numpy(kind: Kind) -> None:
    model = random_model(kind)
    piece = (np.random.default_rng(1).random((6, KEYS)) < 0.1).astype(np.float32)
    counted = chorale_frames.count_nats(model, piece)
    assert chorale_frames.nats_per_frame(model, [piece]) * len(piece) == pytest.approx(counted, rel=1e-5)


@each_kind
def test_tokens_of_a_frame_have_the_probability_of_the_frame(kind: Kind) -> None:
    model = random_model(kind)
    frames = (np.random.default_rng(2).random((3, KEYS)) < 0.05).astype(np.float32)
    tokens = [token for frame in frames for token in [*np.flatnonzero(frame).tolist(), END]]
    logs = [chorale_frames.count_tokens(model, tokens[:step])[token] for step, token in enumerate(tokens)]
    assert -sum(logs) == pytest.approx(chorale_frames.count_nats(model, frames), rel=1e-9)


@each_kind
def test_the_graph_computes_the_probabilities_of_tokens(kind: Kind, tmp_path: Path) -> None:
    model = random_model(kind)
    step, states = chorale_frames_graph.graph(model)
    write_folder(tmp_path / "model", step, states, KEYS + 1, chorale_frames.meaning(), END)

    found = largest_difference(tmp_path / "model", lambda drawn: chorale_frames.count_tokens(model, drawn), last=30)
    assert found < 1e-4


@each_kind
def test_the_recipe_runs(kind: Kind, tmp_path: Path) -> None:
    data = str(write_chorales(tmp_path))
    options = ["--width", "16", "--hidden", "8", "--steps", "60", "--window", "8", "--seconds", "10"]
    chorale_frames.main(["--data", data, "--out", str(tmp_path / "frames"), "--kind", kind, *options])
    report = json.loads((tmp_path / "frames" / "report.json").read_text())
    assert report["first_piece"]["torch"] == pytest.approx(report["first_piece"]["numpy"], abs=1e-4)
    assert report["nats_per_frame"] < KEYS * np.log(2) - 20
    assert report["notes"] > 0
