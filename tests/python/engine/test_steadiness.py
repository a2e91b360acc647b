"""Five minutes of music keep to the bands that a model's config names."""

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_model

import longplay

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "traumerei.mid"
MODEL = ROOT / "python" / "longplay" / "models" / "piano-lstm"
LOOSE = {"temperature": 3.0, "top_p": 1.0}  # the tiny model as free as it gets


def five_figures(piece, window=0):
    """Compute the five statistics that have bands, for five minutes of a piece."""
    notes = piece.notes[piece.notes["onset_ms"] // 300_000 == window]
    pitches, velocities = notes["pitch"].astype(int), notes["velocity"].astype(int)
    classes = np.bincount(pitches % 12) / len(pitches)
    classes = classes[classes > 0]
    return {
        "notes_per_second": len(pitches) / 300,
        "mean_pitch": pitches.mean(),
        "distinct_pitches": len(np.unique(pitches)),
        "velocity_spread": velocities.std(),
        "pitch_class_entropy": -(classes * np.log2(classes)).sum(),
    }


@pytest.mark.parametrize("figure", sorted({*tiny_model.BANDS} - {"distinct_pitches"}))  # the model has but 12
def test_steady_music_keeps_to_the_bands_of_the_model(tmp_path, figure):
    folder = tiny_model.build(tmp_path, soft=True)
    config = json.loads((folder / "config.json").read_text())
    wide = {name: [0.001, 1000] for name in tiny_model.BANDS}
    (folder / "config.json").write_text(json.dumps(config | {"bands": wide | {figure: tiny_model.BANDS[figure]}}))
    banded = longplay.Engine(folder)
    low, high = tiny_model.BANDS[figure]
    asked = {"max_velocity": 127, **LOOSE}
    free = five_figures(banded.generate(None, 300, steady=False, **asked))[figure]
    steady = five_figures(banded.generate(None, 300, **asked))[figure]
    assert not low <= free <= high
    assert low <= steady <= high


def test_a_model_without_bands_is_not_steered(tmp_path):
    engine = longplay.Engine(tiny_model.build(tmp_path, soft=True))
    assert engine.generate(None, 60, **LOOSE).to_bytes() == engine.generate(None, 60, steady=False, **LOOSE).to_bytes()


def test_any_five_minutes_of_the_model_that_ships_keep_to_its_bands():
    engine = longplay.Engine()
    bands = json.loads((MODEL / "config.json").read_text())["bands"]
    piece = engine.generate(EXAMPLE, 1800, random_seed=3)
    for window in range(6):
        for name, figure in five_figures(piece, window).items():
            assert bands[name][0] <= figure <= bands[name][1], (window, name)
