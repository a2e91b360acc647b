"""Check what recipes share: files of music, language models, and random numbers."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import made_up_chorales, made_up_tunes, write_chorales, write_tunes

import longplay
from longplay.importing.symbols import vocabulary_of
from training.recipes.chorales import load_chorales
from training.recipes.language import IGNORED, TokenLstm, fit, nats, windows, write_lstm
from training.recipes.random_numbers import draw, uniform
from training.recipes.tunes import load_tunes


def test_tunes_and_chorales_are_read_as_they_were_written(tmp_path: Path) -> None:
    tunes = load_tunes(write_tunes(tmp_path), "val")
    assert tunes == [tune for tune in made_up_tunes() if tune.split == "val"]
    read = load_chorales(write_chorales(tmp_path), "test")
    written = [one for one in made_up_chorales() if one.split == "test"]
    assert [one.name for one in read] == [one.name for one in written]
    assert all((a.pitches == b.pitches).all() for a, b in zip(read, written, strict=True))


def test_a_split_without_music_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold tunes of the split 'dev'"):
        load_tunes(write_tunes(tmp_path), "dev")


def test_draws_are_those_of_the_engine(tmp_path: Path) -> None:
    model = TokenLstm(3, 4)
    write_lstm(tmp_path / "model", model, vocabulary_of(["C4", "D4", "0.4.7"]))
    engine = longplay.Model(tmp_path / "model")
    drawn = engine.generate_events(40, random_seed=2**40 + 5)[:, 0]
    tokens = [0]
    for event in range(40):
        with torch.no_grad():
            logits = model(torch.tensor([tokens]))[0, -1].numpy()
        tokens.append(draw(logits, uniform(2**40 + 5, event)))
    assert drawn.tolist() == tokens[1:]


def test_the_ends_of_pieces_are_in_many_windows() -> None:
    piece = np.arange(1, 101)
    inputs, targets = windows([piece], 4000, 20, np.random.default_rng(0))
    counts = np.bincount(targets[targets != IGNORED].numpy(), minlength=101)[1:]
    assert counts.min() > 0.3 * counts.max()
    assert (inputs[targets == 1] == 0).all()


def test_a_language_model_learns_a_cycle_and_computes_the_same_as_a_folder(tmp_path: Path) -> None:
    pieces = [np.array([1, 2, 0] * 20)] * 4
    torch.manual_seed(0)
    model = TokenLstm(3, 16)
    before = nats(model, pieces)
    fit(model, pieces, steps=60, random_seed=0, rows=8, window=16, rate=1e-2)
    assert nats(model, pieces) < 0.1 < before
    assert write_lstm(tmp_path / "model", model, vocabulary_of(["C4", "D4", "0.4.7"])) < 1e-5
