"""Check the recipe of FolkRNN: tunes as tokens of ABC, and the grammar in the graph."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import made_up_tunes, write_tunes

import longplay
from training.recipes import folk_rnn
from training.recipes.folk_grammar import FORBIDDEN, Place, is_grammatical
from training.recipes.folk_tokens import TOKENS, ids_of, meaning, text_of, token_id
from training.recipes.language import TokenLstm, write_folder
from training.recipes.tunes import REST, Bar, Tune

REEL = Tune(
    "reel",
    "train",
    (2, 4),
    "dor",
    [
        Bar([(60, 12)], begins=True),
        Bar([(61, 6), (72, 6), (59, 8), (84, 8), (60, 8), (REST, 6), (62, 6)]),
        Bar([(64, 36)], repeats=True),
    ],
)
TEXT = "X:1\nM:2/4\nL:1/8\nK:Cdor\n|: =C| ^C/2 =c/2 (3=B,=c'=C z/2 =D/2| =E3:|\n"


def test_a_tune_is_this_text() -> None:
    ids = ids_of(REEL)
    assert ids is not None
    assert text_of(ids.tolist(), 1) == TEXT


def test_a_tune_with_a_length_or_a_triplet_that_has_no_token_is_left_out() -> None:
    for notes in ([(60, 7)], [(60, 8), (60, 8), (60, 12)], [(20, 12)]):
        assert ids_of(Tune("x", "train", (2, 4), "maj", [Bar(notes)])) is None


def test_the_grammar_accepts_a_pickup_and_refuses_a_bar_that_is_too_short_or_too_long() -> None:
    ids = ids_of(REEL)
    assert ids is not None
    assert is_grammatical(ids.tolist())
    for notes in ([(60, 36)], [(60, 72)]):
        bars = [Bar([(60, 48)]), Bar(notes), Bar([(60, 48)])]
        wrong = ids_of(Tune("x", "train", (2, 4), "maj", bars))
        assert wrong is not None
        assert not is_grammatical(wrong.tolist())


def untrained(folder: Path) -> Path:
    torch.manual_seed(2)
    model = TokenLstm(len(TOKENS), 8, layers=1)
    with torch.no_grad():
        for name, more in (("Open", 3), ("Close", 5), ("Stop", 5), ("Bar", 3), ("End", 6)):
            model.linear.bias[token_id(name)] += more
    step, states = folk_rnn.graph(model, grammar=True)
    write_folder(folder, step, states, len(TOKENS), meaning())
    return folder


def test_the_graph_forbids_what_the_grammar_forbids(tmp_path: Path) -> None:
    model = longplay.Model(untrained(tmp_path / "model"))
    drawn = model.generate_events(1500, random_seed=3)[:, 0].tolist()
    place = Place()
    checked = longplay.Model(tmp_path / "model")
    for before, id_ in zip([0, *drawn[:-1]], drawn, strict=True):
        logits = checked.step(np.array([[before]]), np.empty((1, 0), np.int64))[0]
        assert ((logits > FORBIDDEN) == place.allows()).all()
        if id_ == 0:
            place = Place()
        else:
            place.move(id_)
    names = {TOKENS[id_][0] for id_ in drawn}
    assert {"Bar", "Close", "Stop", "Open", "End", "Third4", "Third8", "Pause"} <= names


def test_an_untrained_model_writes_tunes_of_the_grammar_alone(tmp_path: Path) -> None:
    tunes = folk_rnn.write_tunes(untrained(tmp_path / "model"), 5, 1)
    assert len(tunes) == 5
    assert all(is_grammatical(tune) for tune in tunes)


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="needs abc2midi, of the program abcmidi")
def test_abc2midi_plays_the_notes_of_the_tokens(tmp_path: Path) -> None:
    tokens = [int(id_) for id_ in np.concatenate([ids_of(tune) for tune in made_up_tunes(3)]) if id_ != 0]
    tokens = [*tokens[:-1], token_id("First8", 60), token_id("Second8", 75), token_id("Third8", 90)]
    (tmp_path / "tune.abc").write_text(text_of(tokens, 1), encoding="utf-8")
    subprocess.run(["abc2midi", tmp_path / "tune.abc", "-o", tmp_path / "tune.mid"], check=True, capture_output=True)
    expected = longplay.read_midi(tmp_path / "tune.mid")
    config = {"fields": [{"name": "token", "size": len(TOKENS)}], "vocabulary": meaning(), "format": 2, "name": "x"}
    config |= {"start_event": [0], "controls": [], "states": [], "states_in_place": False}
    notes = longplay.Tokenizer(config).decode(np.array(tokens, np.int32)[:, None])
    assert notes["pitch"].tolist() == expected["pitch"].tolist()
    assert np.abs(notes["onset_ms"].astype(int) - expected["onset_ms"] + int(expected["onset_ms"][0])).max() <= 2


def test_the_recipe_runs(tmp_path: Path) -> None:
    data = str(write_tunes(tmp_path))
    options = ["--width", "32", "--layers", "1", "--steps", "100", "--rate", "2e-2", "--tunes", "3", "--seconds", "10"]
    folk_rnn.main(["--data", data, "--out", str(tmp_path / "folk"), *options])
    report = json.loads((tmp_path / "folk" / "report.json").read_text())
    assert report["model"]["grammatical"] == report["model"]["written"] == 3
    assert report["model"]["faults_of_abc2midi"] in (0, None)
    assert report["notes"] > 0
