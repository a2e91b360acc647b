"""Check that self-play makes a model prefer real music over its own."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import longplay
from training import export, self_play, train
from training.corpus import NOTES, Corpus
from training.self_play import HIDDEN, choose_parts, continue_parts, draw

STEPS, OPENING = 32, 8


@pytest.fixture(scope="module")
def run(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "first"
    small = ["--width", "64", "--head-width", "32", "--rows", "4", "--window", "16", "--precision", "fp32"]
    train.main(["--data", str(prepared), "--out", str(out), *small, "--steps", "60", "--warmup-steps", "5"])
    return out


def test_parts_are_cut_from_pieces(corpus: Corpus) -> None:
    parts = choose_parts(corpus, {"stanford_rolls": 1.0}, 6, STEPS, np.random.default_rng(1))
    assert parts.events.shape == parts.targets.shape == (STEPS, 6, 4)
    assert (parts.events[0] == list(NOTES.fields.values())).all()
    assert (parts.events[1:] == parts.targets[:-1]).all()
    assert (parts.events[1, :, 0] == 0).all()


def test_most_parts_have_no_style(corpus: Corpus) -> None:
    parts = choose_parts(corpus, {"stanford_rolls": 1.0}, 200, STEPS, np.random.default_rng(1))
    unknown = (parts.controls == NOTES.unknown).all(axis=0)
    assert unknown.mean(axis=0) == pytest.approx([HIDDEN["remaining"], HIDDEN["style"]], abs=0.1)


def test_a_continuation_keeps_the_opening(run: Path, corpus: Corpus, tmp_path: Path) -> None:
    export.main(["--run", str(run), "--out", str(tmp_path), "--precision", "fp32"])
    parts = choose_parts(corpus, {"stanford_rolls": 1.0}, 3, STEPS, np.random.default_rng(1))
    model = longplay.Model(tmp_path, max_batch=3)
    own = continue_parts(model, parts, OPENING, np.random.default_rng(2))
    assert (own.events[:OPENING] == parts.events[:OPENING]).all()
    assert (own.targets[: OPENING - 1] == parts.targets[: OPENING - 1]).all()
    assert (own.events[1:] == own.targets[:-1]).all()
    assert (own.events[OPENING:] != parts.events[OPENING:]).any(axis=(0, 2)).all()
    assert (own.targets[..., 0] < NOTES.fields["time_shift"] - 1).all()  # no END
    again = continue_parts(model, parts, OPENING, np.random.default_rng(2))
    assert (again.events == own.events).all()


def test_draws_have_the_chances_of_the_logits() -> None:
    chances = np.array([0.1, 0.2, 0.7])
    drawn = draw(np.tile(np.log(chances), (20_000, 1)).astype(np.float32), np.random.default_rng(0))
    assert np.bincount(drawn) / 20_000 == pytest.approx(chances, abs=0.01)


def test_the_model_comes_to_prefer_real_music(run: Path, tmp_path: Path) -> None:
    options = ["--rounds", "2", "--pairs", "8", "--batch", "4", "--window", "8", "--windows", "4"]
    self_play.main(["--run", str(run), "--out", str(tmp_path / "own"), *options, "--learning-rate", "0.01"])
    lines = [json.loads(line) for line in (tmp_path / "own" / "metrics.jsonl").read_text().splitlines()]
    rounds = [line for line in lines if "round" in line]
    assert [line["round"] for line in rounds] == [1, 2]
    assert rounds[0]["pairs"] < np.log(2) - 0.01  # a loss of pairs without a preference
    assert rounds[0]["preferred"] > 0.6
    assert export.load_model(tmp_path / "own").width == 64
