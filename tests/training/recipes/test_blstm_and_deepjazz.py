"""Check the recipes of the bidirectional LSTM and of deepjazz."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import made_up_chorales, write_chorales

import longplay
from longplay.midi import NOTE
from training.recipes import blstm, deepjazz
from training.recipes.chorales import Chorale


def test_a_soprano_is_notes_with_durations_and_rests() -> None:
    pitches, strikes = np.zeros((10, 4), np.int64), np.zeros((10, 4), np.bool_)
    pitches[:4, 0], pitches[6:, 0] = 62, 64
    strikes[[0, 2, 6], 0] = True
    symbols = blstm.symbols_of(Chorale("x", "train", pitches, strikes, -2))
    assert symbols == [(60, 2), (60, 2), (0, 2), (62, 4)]
    assert [blstm.name_of(one) for one in symbols[1:]] == ["60$0.5", "rest$0.5", "62$1"]


def test_the_share_in_key_grows_when_music_is_moved_to_c() -> None:
    chorales = [replace(one, pitches=one.pitches + 1, semitones=-1) for one in made_up_chorales()]
    moved, written = (blstm.share_in_scale(chorales, moved=moved) for moved in (True, False))
    assert moved > written + 0.2


def test_loops_are_found_in_the_last_half() -> None:
    random = np.random.default_rng(0).integers(50, size=100)
    assert blstm.loop_length(random) == 0
    assert blstm.loop_length(np.concatenate([random, np.tile([1, 2, 3], 40)])) == 3


def test_the_recipe_of_the_blstm_runs(tmp_path: Path) -> None:
    data = str(write_chorales(tmp_path))
    options = ["--width", "8", "--window", "6", "--steps", "30", "--drawn", "60", "--seconds", "8"]
    blstm.main(["--data", data, "--out", str(tmp_path / "blstm"), *options])
    report = json.loads((tmp_path / "blstm" / "report.json").read_text())
    assert report["difference"] < 1e-5
    assert report["loop_of_tokens"]["likeliest"] > 0
    notes = longplay.read_midi(tmp_path / "blstm" / "sample.mid")
    begins = [notes[(notes["onset_ms"] >= 8000 * i) & (notes["onset_ms"] < 8000 * (i + 1))] for i in range(6)]
    assert begins[1]["pitch"].tolist() == begins[3]["pitch"].tolist() == begins[5]["pitch"].tolist()
    assert begins[0]["pitch"].tolist() != begins[1]["pitch"].tolist()


def test_slices_are_pitches_with_the_time_to_the_next() -> None:
    notes = np.array([(0, 100, 60, 80), (10, 100, 64, 80), (250, 100, 62, 80)], NOTE)
    assert deepjazz.slices(notes) == [((60, 64), 2), ((62,), 16)]


def test_a_network_that_learned_one_file_is_found_out(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    notes = np.array([(125 * i, 120, pitch, 80) for i, pitch in enumerate(random.integers(48, 84, 120))], NOTE)
    (tmp_path / "file.mid").write_bytes(longplay.write_midi(notes, 20))
    options = ["--width", "64", "--steps", "250", "--seconds", "30"]
    deepjazz.main(["--midi", str(tmp_path / "file.mid"), "--out", str(tmp_path / "jazz"), *options])
    report = json.loads((tmp_path / "jazz" / "report.json").read_text())
    assert report["nats_per_token"] < 0.5
    assert report["quotes"]
