"""The example that trains a model runs from MIDI files to a piece."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from made_up_music import made_up_notes

import longplay

pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_model.py"


def test_a_model_is_trained_and_plays(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    (tmp_path / "midi").mkdir()
    for i in range(30):
        notes = made_up_notes(random, 60)
        length = int(notes["onset_ms"].max()) / 1000 + 2
        (tmp_path / "midi" / f"{i:02}.mid").write_bytes(longplay.write_midi(notes, length))
    spec = importlib.util.spec_from_file_location("own_model", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.main(str(tmp_path / "midi"), str(tmp_path / "own.mid"), "2", tmp_path / "work")
    notes = longplay.read_midi(tmp_path / "own.mid")
    assert len(notes) > 10
    assert notes["onset_ms"].max() < 60_000
    assert longplay.Engine(tmp_path / "work" / "model").model_name == "own"
