"""Check the recipes of melodies: n-grams, and MelodyRNN in its three forms."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from made_up_tunes import write_tunes

import longplay
from longplay.importing.writing import largest_difference
from training.recipes import melodies, melody_rnn, melody_rnn_graph, ngram
from training.recipes.language import write_folder
from training.recipes.melodies import BAR, EVENTS, NO_EVENT, OFF
from training.recipes.tunes import REST, TICKS


def test_events_hold_end_and_strike() -> None:
    notes = [(60, TICKS), (REST, TICKS // 2), (40, TICKS // 2)]
    assert melodies.events(notes).tolist() == [14, 0, 0, 0, OFF, 0, 2 + 52 - 48, 0]


def test_the_engine_plays_events_as_notes(tmp_path: Path) -> None:
    config = {"fields": [{"name": "token", "size": EVENTS}], "vocabulary": melodies.meaning()}
    config |= {"format": 2, "name": "x", "start_event": [0], "controls": [], "states": [], "states_in_place": False}
    ids = melodies.events([(60, TICKS), (REST, TICKS // 2), (62, TICKS // 2)]).astype(np.int32)
    notes = longplay.Tokenizer(config).decode(np.append(ids, [OFF])[:, None].astype(np.int32))
    assert notes["pitch"].tolist() == [60, 62]
    assert notes["onset_ms"].tolist() == [0, 750]
    assert notes["duration_ms"].tolist() == [500, 250]


def test_probabilities_add_up_and_agree_with_a_count_by_hand() -> None:
    tables = ngram.probabilities([np.array([1, 2, 1])], 3)
    assert all(np.allclose(table.sum(axis=-1), 1) for table in tables)
    unigram = [(0 + 2 / 3) / 5, (2 + 2 / 3) / 5, (1 + 2 / 3) / 5]  # two kinds of events in three
    assert tables[0].tolist() == pytest.approx(unigram)
    assert tables[1][1].tolist() == pytest.approx([unigram[0] / 2, unigram[1] / 2, (1 + unigram[2]) / 2])
    assert tables[2][0, 2].tolist() == pytest.approx(tables[1][2].tolist())  # never seen


def test_the_folder_of_ngrams_computes_the_table(tmp_path: Path) -> None:
    table = ngram.probabilities([np.array([1, 2, 1, 5, 5, 1])], EVENTS)[2]
    step, states = ngram.graph(table)
    write_folder(tmp_path / "model", step, states, EVENTS, melodies.meaning())

    def expected(drawn: list[int]) -> np.ndarray:
        return np.log(table[([0, 0, *drawn])[-2], drawn[-1]])

    assert largest_difference(tmp_path / "model", expected) < 1e-6


def test_inputs_are_those_of_two_bars_worked_out_by_hand() -> None:
    history = [5] + [NO_EVENT] * (BAR - 1) + [5]
    row = melody_rnn.inputs(history, "lookback")
    events = row[: 3 * EVENTS].reshape(3, EVENTS).argmax(axis=1).tolist()
    assert events == [5, NO_EVENT, NO_EVENT]  # the last; the one a bar ago; the one two bars ago
    assert row[3 * EVENTS :].tolist() == [1, -1, -1, -1, 1, 1, 0]  # 17 in bits; the last event repeats one bar


def test_repeats_are_labelled_by_the_longer_distance() -> None:
    melody = np.array([5, 6] + [NO_EVENT] * 14 + [5, 7] + [NO_EVENT] * 14 + [5, 6])
    labels = melody_rnn.label(melody)
    assert labels[[0, 1, 16, 17, 32, 33]].tolist() == [5, 6, EVENTS, 7, EVENTS + 1, EVENTS + 1]


@pytest.mark.parametrize("kind", ["basic", "lookback", "attention"])
def test_the_graph_gives_the_events_of_a_reading_in_float64(kind: melody_rnn.Kind, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = melody_rnn.MelodyRnn(kind, 8).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)
    step, states = melody_rnn_graph.graph(model)
    write_folder(tmp_path / "model", step, states, EVENTS, melodies.meaning())
    found = largest_difference(tmp_path / "model", lambda drawn: melody_rnn.reread(model, drawn), last=3 * BAR)
    assert found < 1e-5


def test_the_graph_knows_from_which_event_on_there_is_a_bar_to_repeat(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = melody_rnn.MelodyRnn("lookback", 8).eval()
    step, states = melody_rnn_graph.graph(model)
    write_folder(tmp_path / "model", step, states, EVENTS, melodies.meaning())
    same = [5] * (2 * BAR + 4)
    found = longplay.Model(tmp_path / "model").score_events(np.array(same, np.int32)[:, None])[:, 0]
    expected = [melody_rnn.reread(model, same[:step])[5] for step in range(len(same))]
    assert found == pytest.approx(expected, abs=1e-6)


def test_probabilities_of_events_add_up() -> None:
    logits, ago = torch.randn(7, EVENTS + 2), torch.randint(EVENTS, (7, 2))
    logs = melody_rnn.event_log_probabilities(logits, ago)
    assert torch.allclose(logs.exp().sum(-1), torch.ones(7))
    assert torch.isclose(
        logs[0, ago[0, 0]].exp(),
        sum(logits[0].softmax(-1)[i] for i in {int(ago[0, 0]), EVENTS, *([EVENTS + 1] * (ago[0, 0] == ago[0, 1]))}),
    )


def test_the_recipes_run(tmp_path: Path) -> None:
    data = str(write_tunes(tmp_path))
    ngram.main(["--data", data, "--out", str(tmp_path / "ngram"), "--seconds", "10"])
    options = ["--width", "16", "--steps", "40", "--rows", "8", "--window", "32", "--seconds", "10"]
    melody_rnn.main(["--data", data, "--out", str(tmp_path / "rnn"), "--kind", "lookback", *options])
    counted, learned = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("ngram", "rnn"))
    assert counted["nats_per_event"]["2-gram"] < counted["nats_per_event"]["1-gram"]
    assert learned["nats_per_event"] < np.log(EVENTS) - 1
    assert learned["difference"] < 1e-5
    assert len(longplay.read_midi(tmp_path / "rnn" / "sample.mid")) == learned["notes"] > 0
