"""Check the recipe of DeepBach and of maximum-entropy statistics of chords."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import write_chorales

import longplay
from training.evaluation.chords import chord_shares
from training.recipes import deep_bach
from training.recipes.deep_bach import IDS, REACH, Kind

each_kind = pytest.mark.parametrize("kind", ["network", "pairs"])


def test_chords_are_cited_rediscovered_or_invented() -> None:
    training, held_out = [np.array([[1, 2], [3, 4]])], [np.array([[1, 2], [5, 6]])]
    generated = [np.array([[1, 2], [5, 6], [7, 8], [3, 4]])]
    assert chord_shares(generated, training, held_out) == {"cited": 0.5, "rediscovered": 0.25, "invented": 0.25}


@each_kind
def test_a_model_does_not_read_the_note_that_it_predicts(kind: Kind) -> None:
    model = deep_bach.VoiceModel(kind, 2, 8)
    around = torch.randint(IDS, (5, 2 * REACH + 1, 4))
    changed = around.clone()
    changed[:, REACH, 2] = (changed[:, REACH, 2] + 1) % IDS
    assert torch.equal(model(around), model(changed))
    changed[:, REACH, 1] = (changed[:, REACH, 1] + 1) % IDS
    assert not torch.equal(model(around), model(changed))


def test_resampling_keeps_the_soprano_and_the_constraints(tmp_path: Path) -> None:
    train, test = (deep_bach.load_voices(write_chorales(tmp_path), split) for split in ("train", "test"))
    models = [deep_bach.VoiceModel("network", voice, 8) for voice in range(4)]
    piece = test[0].copy()
    allowed = deep_bach.constraints(train, piece)
    drawn = deep_bach.resample(models, piece, 2, np.random.default_rng(0), allowed)
    assert (piece == test[0]).all()
    assert (drawn[:, 0] == piece[:, 0]).all()
    assert np.take_along_axis(allowed, drawn[..., None], axis=2)[:, 1:].all()
    assert drawn[-1, -1] == piece[-1, -1]
    assert (drawn[:, 1:] != piece[:, 1:]).any()


def test_resampling_draws_what_a_model_of_pairs_prefers() -> None:
    models = [deep_bach.VoiceModel("pairs", voice, 8) for voice in range(4)]
    with torch.no_grad():
        for model in models:
            model.table.weight.zero_()
        place = REACH * 4 + 1  # the alto of the same quarter, as the tenor's model reads it
        models[2].table.weight[place * (IDS + 1) + 10, 20] = 50.0
    piece, allowed = np.full((8, 4), 10), np.zeros((8, 4, IDS), np.bool_)
    allowed[:, :, [10, 20]] = True
    drawn = deep_bach.resample(models, piece, 20, np.random.default_rng(1), allowed)
    assert set(drawn[:, 1].tolist()) == {10, 20}
    assert (drawn[drawn[:, 1] == 10, 2] == 20).mean() > 0.5


@each_kind
def test_the_recipe_runs(kind: Kind, tmp_path: Path) -> None:
    data = str(write_chorales(tmp_path))
    options = ["--hidden", "16", "--steps", "60", "--sweeps", "3", "--pieces", "1"]
    deep_bach.main(["--data", data, "--out", str(tmp_path / "bach"), "--kind", kind, *options])
    report = json.loads((tmp_path / "bach" / "report.json").read_text())
    assert report["soprano_kept"] == report["constraints_met"] == 1
    assert report["nats_per_note"] < np.log(IDS) - 1
    assert sum(report["chords"].values()) == pytest.approx(1, abs=1e-3)
    assert len(longplay.read_midi(tmp_path / "bach" / "sample.mid")) > 0
