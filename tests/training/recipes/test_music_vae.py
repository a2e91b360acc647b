"""Check the recipe of MusicVAE."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import write_tunes

from longplay.importing.writing import largest_difference
from training.recipes import music_vae
from training.recipes.music_vae import LENGTH, Vae


def test_windows_begin_with_a_bar_and_a_note() -> None:
    piece = np.zeros(80, np.int64)
    piece[[0, 16, 40]] = 5
    found = music_vae.windows([piece])
    assert found.shape == (2, LENGTH)
    assert found[1].nonzero().flatten().tolist() == [0, 24]


def test_a_folder_computes_the_decoder_of_its_vector_and_begins_anew_after_two_bars(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, latent = Vae(8, 4), torch.randn(1, 4)
    music_vae.folder_of(tmp_path / "model", model, latent)

    def expected(drawn: list[int]) -> np.ndarray:
        part = drawn[len(drawn) // LENGTH * LENGTH :]
        events = torch.tensor([[*part, 0]])
        with torch.no_grad():
            return model.logits(latent, events)[0, -1].double().log_softmax(-1).numpy()

    assert largest_difference(tmp_path / "model", expected, last=LENGTH + 5) < 1e-5


def test_the_recipe_learns_a_few_windows_and_interpolates(tmp_path: Path) -> None:
    data = str(write_tunes(tmp_path))
    options = ["--width", "48", "--latent", "16", "--melodies", "4", "--steps", "400", "--rows", "8", "--rate", "1e-2"]
    music_vae.main(["--data", data, "--out", str(tmp_path / "vae"), "--seconds", "8", *options])
    report = json.loads((tmp_path / "vae" / "report.json").read_text())
    assert report["notes_reconstructed"]["train"] >= 0.95
    assert report["distance_of_ends"] > 0
    assert np.mean(report["distances_of_steps"]) < report["distance_of_ends"]
    assert report["notes"] > 0
