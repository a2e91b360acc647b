"""Check the recipe of the mixture density network, and its session with a performer."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_music import made_up_notes

import longplay
from training import tables
from training.recipes import mixture


def random_model() -> mixture.Mixture:
    torch.manual_seed(3)
    return mixture.Mixture(8, 3)


def test_the_probabilities_of_a_field_add_up_given_the_fields_before_it() -> None:
    model = random_model()
    with torch.no_grad():
        context, end = model(torch.tensor([[tables.START_EVENT]]))
    notes = torch.tensor([[[5, 30, 10, 7]]])
    for field, size in enumerate(tables.SIZES):
        every = notes.repeat(1, size, 1)
        every[0, :, field] = torch.arange(size)
        logs = model.log_probabilities(context.expand(1, size, -1), end.expand(1, size), every)[0, :, field]
        assert logs.exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_the_engine_scores_notes_as_torch_does(tmp_path: Path) -> None:
    model = random_model()
    mixture.write_folder(tmp_path / "model", model)
    random = np.random.default_rng(0)
    drawn = np.stack([random.integers(0, size - (i == 0), 12) for i, size in enumerate(tables.SIZES)], axis=-1)
    events = np.concatenate([[tables.START_EVENT], drawn[:-1]])
    with torch.no_grad():
        expected = model.log_probabilities(*model(torch.from_numpy(events)[None]), torch.from_numpy(drawn)[None])[0]
    found = longplay.Model(tmp_path / "model").score_events(drawn.astype(np.int32))
    assert found == pytest.approx(expected.numpy(), abs=1e-4)


def test_performer_and_network_alternate_in_a_session(tmp_path: Path) -> None:
    mixture.write_folder(tmp_path / "model", random_model())
    config = mixture.MixtureConfig(tmp_path, tmp_path, turns=3, notes=4)
    performer = made_up_notes(np.random.default_rng(1), 12)
    played = mixture.alternate(tmp_path / "model", performer, config)
    assert len(played) == 2 * 3 * 4
    assert (np.diff(played["onset_ms"].astype(np.int64)) >= 0).all()
    for turn in range(3):
        assert played["pitch"][8 * turn : 8 * turn + 4].tolist() == performer["pitch"][4 * turn : 4 * turn + 4].tolist()


def test_the_recipe_runs(prepared: Path, tmp_path: Path) -> None:
    options = ["--width", "16", "--steps", "40", "--rows", "8", "--window", "16", "--turns", "2", "--notes", "4"]
    mixture.main(["--data", str(prepared), "--out", str(tmp_path), *options])
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["notes"] == 16
    assert report["nats_per_note"] < np.log(tables.SIZES).sum() - 1
    assert len(longplay.read_midi(tmp_path / "sample.mid")) > 0
