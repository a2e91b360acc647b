"""Check the recipe with instruments as tokens."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import made_up_chorales, write_chorales

import longplay
from training.recipes import muse_net
from training.recipes.language import TokenLstm, play, write_folder
from training.recipes.muse_net import ENSEMBLES, TOKENS


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_tokens_are_the_notes_of_the_chorale_on_the_instruments_of_the_ensemble(ensemble: str) -> None:
    chorale = made_up_chorales()[0]
    config = {"fields": [{"name": "token", "size": len(TOKENS)}], "vocabulary": muse_net.meaning(), "format": 2}
    config |= {"name": "x", "start_event": [0], "controls": [], "states": [], "states_in_place": False}
    ids = muse_net.ids_of(chorale, ensemble).astype(np.int32)
    notes = longplay.Tokenizer(config).decode(ids[:, None])
    ticks = np.rint(notes["onset_ms"] / (60_000 / 90 / 4)).astype(int)
    found = sorted(zip(ticks.tolist(), notes["program"].tolist(), notes["pitch"].tolist(), strict=True))
    begins, voices = np.nonzero(chorale.strikes)
    programs = np.array(ENSEMBLES[ensemble])[voices].tolist()
    pitches = chorale.pitches[begins, voices].tolist()
    assert found == sorted(set(zip(begins.tolist(), programs, pitches, strict=True)))


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_an_untrained_network_plays_only_the_instruments_that_are_asked_for(ensemble: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = TokenLstm(len(TOKENS), 8)
    heard = []
    for forbids in (True, False):
        step, states = muse_net.graph(model, ensemble, forbids=forbids)
        folder = tmp_path / str(forbids)
        write_folder(folder, step, states, len(TOKENS), muse_net.meaning())
        piece = play(folder, tmp_path / "x.mid", seconds=20, random_seed=1, two_hands=False)
        heard.append(muse_net.share_of_ensemble(piece, ensemble))
    assert heard[0] == 1 > heard[1]


def test_the_recipe_runs(tmp_path: Path) -> None:
    data = str(write_chorales(tmp_path))
    options = ["--width", "16", "--steps", "20", "--rows", "8", "--window", "48", "--seconds", "10"]
    muse_net.main(["--data", data, "--out", str(tmp_path / "muse"), *options])
    report = json.loads((tmp_path / "muse" / "report.json").read_text())
    for ensemble in ENSEMBLES:
        assert report[ensemble]["with_rule"] == 1
        assert set(report[ensemble]["instruments_heard"]) <= set(report[ensemble]["asked_for"])
    assert report["nats_per_token"] < np.log(len(TOKENS))
