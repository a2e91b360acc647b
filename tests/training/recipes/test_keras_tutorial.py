"""Check the recipe of the Keras tutorials: its loop and the engine draw the same tokens."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from longplay.midi import NOTE
from training.recipes import keras_tutorial


def test_onsets_are_notes_and_chords() -> None:
    rows = [(0, 100, 60, 80), (500, 100, 64, 80), (500, 100, 67, 80), (500, 100, 79, 80), (900, 100, 61, 80)]
    assert keras_tutorial.symbols_of(np.array(rows, NOTE)) == ["C4", "4.7", "C#4"]


def test_windows_come_with_the_token_after_them() -> None:
    given, wanted = keras_tutorial.examples([np.array([1, 2, 3, 4]), np.array([9])], 2)
    assert given.tolist() == [[1, 2], [2, 3]]
    assert wanted.tolist() == [3, 4]


def test_pieces_shorter_than_a_window_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 8 tokens"):
        keras_tutorial.examples([np.array([1, 2, 3, 4])], 8)


def test_the_loop_and_the_engine_draw_the_same_tokens(prepared: Path, tmp_path: Path) -> None:
    options = ["--width", "16", "--window", "5", "--steps", "3", "--rows", "4", "--drawn", "30", "--seconds", "5"]
    keras_tutorial.main(["--data", str(prepared), "--out", str(tmp_path), *options])
    report = json.loads((tmp_path / "report.json").read_text())
    for name in ("likeliest", "drawn"):
        assert report[name]["equal_tokens"] == report[name]["of"] == 30
    assert report["notes"] > 0
