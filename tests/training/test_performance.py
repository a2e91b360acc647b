"""Check the 388 events of Performance RNN, and models of them: one field, no controls."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import made_up
from made_up_music import made_up_notes

import longplay
from longplay.midi import NOTE
from training import evaluate, published
from training.corpus import Augmentation, Corpus
from training.export import load_model, write_model
from training.folder import ModelFolder
from training.graphs.calibration import measure
from training.model import NoteModel
from training.performance import PERFORMANCE, SIZE, START, decode, encode
from training.scoring import score_corpus, torch_scorer
from training.streams import Stream
from training.train import main, open_run

SMALL = ["--vocabulary", "performance", "--width", "64", "--rows", "4", "--window", "32", "--precision", "fp32"]


def notes_of(*rows: tuple[int, int, int, int]) -> np.ndarray:
    """Return notes from (onset_ms, duration_ms, pitch, velocity)."""
    return np.array(list(rows), NOTE)


NOTE_ROWS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 350), st.integers(21, 108), st.integers(1, 127)), max_size=40
)


def keyboard(rows: list[tuple[int, int, int, int]], unit: int = 10) -> np.ndarray:
    """Draw notes that one keyboard can play, in order, with times in `unit` ms."""
    notes = notes_of(*[(onset * unit, duration * unit, pitch, velocity) for onset, duration, pitch, velocity in rows])
    return longplay.resolve_overlaps(np.sort(notes, order=["onset_ms", "pitch"]))


NAMES = ("onset_ms", "duration_ms", "pitch", "velocity")


def oracle(notes: np.ndarray) -> list[int]:
    """Write the events one after the other, as the papers describe them."""
    changes = []
    for number, note in enumerate(notes.tolist()):
        onset, duration, pitch, velocity = (dict(zip(notes.dtype.names, note, strict=True))[name] for name in NAMES)
        begin = (onset + 5) // 10
        changes.append((begin, 1, number, pitch, (velocity - 1) // 4))
        changes.append((max(begin + 1, (onset + duration + 5) // 10), 0, number, pitch, 0))
    events, now, loudness = [], 0, -1
    for tick, is_press, _, pitch, velocity in sorted(changes):
        while tick - now > 100:
            events.append(355)
            now += 100
        if tick > now:
            events.append(255 + tick - now)
            now = tick
        if is_press and velocity != loudness:
            events.append(356 + velocity)
            loudness = velocity
        events.append(pitch + (0 if is_press else 128))
    return events


def test_a_chord_a_rest_and_a_repeated_key_are_these_events() -> None:
    notes = notes_of((0, 500, 60, 80), (0, 500, 64, 80), (500, 250, 60, 80), (2750, 10, 21, 127))
    expected = [
        *[375, 60, 64],  # velocities 77 to 80, C4, E4
        *[305, 188, 192, 60],  # 500 ms pass; both are released, then C4 is pressed again
        *[280, 188],  # 250 ms
        *[355, 355, 387, 21],  # two seconds; velocities 125 to 127 and A0
        *[256, 149],  # 10 ms
    ]
    assert encode(notes).tolist() == expected


def test_velocities_fall_into_bins_of_four() -> None:
    ids = [encode(notes_of((0, 10, 60, velocity)))[0] for velocity in (1, 4, 5, 124, 125, 127)]
    assert ids == [356, 356, 357, 386, 387, 387]


def test_nothing_is_no_event_and_no_event_is_nothing() -> None:
    assert encode(notes_of()).tolist() == []
    assert len(decode(np.empty(0, np.int32))) == 0


@given(NOTE_ROWS, st.integers(1, 13))
def test_events_are_those_of_the_oracle_at_any_timing(rows: list[tuple[int, int, int, int]], unit: int) -> None:
    notes = keyboard(rows, unit)
    assert encode(notes).tolist() == oracle(notes)


@given(NOTE_ROWS)
def test_notes_on_the_grid_come_back_with_velocities_rounded(rows: list[tuple[int, int, int, int]]) -> None:
    notes = keyboard(rows)
    back = decode(encode(notes))
    for name in ("onset_ms", "duration_ms", "pitch"):
        assert back[name].tolist() == notes[name].tolist()
    assert (np.abs(back["velocity"].astype(int) - notes["velocity"]) <= 2).all()
    assert (encode(back) == encode(notes)).all()


@given(st.lists(st.integers(0, SIZE - 1), max_size=200))
def test_any_ids_are_notes_that_one_keyboard_can_play(ids: list[int]) -> None:
    notes = decode(np.array(ids, np.int32))
    assert (notes == longplay.resolve_overlaps(notes)).all()
    assert (notes["duration_ms"] >= 10).all()
    assert (notes["velocity"] >= 1).all()


def test_ids_that_make_no_sense_are_taken_as_they_can_be() -> None:
    # Release of a key that is up, press without a velocity, a note of no length, and one that is never released.
    notes = decode(np.array([190, 60, 256, 188, 62, 190, 265, 64, 275], np.int32))
    assert notes["pitch"].tolist() == [60, 62, 64]
    assert notes["onset_ms"].tolist() == [0, 10, 110]
    assert notes["duration_ms"].tolist() == [10, 10, 200]


def test_of_two_presses_of_a_key_the_first_is_released_first() -> None:
    notes = decode(np.array([60, 304, 60, 265, 188, 285, 188], np.int32))  # at 0, 490, 590 and 890 ms
    assert notes["onset_ms"].tolist() == [0, 490]
    assert notes["duration_ms"].tolist() == [490, 400]


def test_a_reading_gives_each_event_after_the_one_before_it(prepared: Path) -> None:
    corpus = Corpus(prepared, "train", PERFORMANCE)
    reading = corpus.read(1)
    ids = encode(corpus.notes(1))
    assert reading.targets[:, 0].tolist() == ids.tolist()
    assert reading.events[:, 0].tolist() == [START, *ids[:-1].tolist()]
    assert reading.controls.shape == (len(ids), 0)


def test_a_stream_changes_keys_by_a_minor_third_at_most_and_loudness_not_at_all(prepared: Path) -> None:
    random = np.random.default_rng(0)
    drawn = [Augmentation.draw(random, PERFORMANCE.spread) for _ in range(300)]
    assert {change.semitones for change in drawn} == set(range(-3, 4))
    assert 0.95 <= min(change.tempo for change in drawn) < 0.96 < 1.04 < max(change.tempo for change in drawn) <= 1.05
    assert {(change.loudness, change.contrast) for change in drawn} == {(0.0, 1.0)}
    window = Stream(Corpus(prepared, "train", PERFORMANCE), {}, 3, 16, random_seed=1).next()
    assert (window.events.shape, window.controls.shape) == ((16, 3, 1), (16, 3, 0))
    assert window.begins.all()


def test_scores_count_notes_events_and_seconds(prepared: Path) -> None:
    corpus = Corpus(prepared, "val", PERFORMANCE)
    torch.manual_seed(3)
    model = NoteModel(width=64, vocabulary="performance").eval()
    total = score_corpus(corpus, torch_scorer(model))["total"]
    ids = [encode(corpus.notes(index)) for index in range(len(corpus.pieces))]
    assert total["events"] == sum(map(len, ids))
    assert total["notes"] == sum(piece["count"] for piece in corpus.pieces)
    last = [np.max(corpus.notes(i)["onset_ms"] + corpus.notes(i)["duration_ms"]) / 1000 for i in range(len(ids))]
    assert total["seconds"] == pytest.approx(sum(last), abs=0.01 * len(ids))
    assert total["nats_per_event"] == pytest.approx(np.log(SIZE), rel=0.1)
    assert total["nats_per_note"] == pytest.approx(total["nats_per_event"] * total["events"] / total["notes"], rel=1e-3)


@torch.no_grad()
def test_a_context_cuts_a_piece_into_pieces_of_its_own() -> None:
    torch.manual_seed(3)
    model = NoteModel(width=64, vocabulary="performance").eval()
    random = np.random.default_rng(1)
    targets = random.integers(0, SIZE, (600, 2, 1))
    events = np.concatenate([np.full((1, 2, 1), START), targets[:-1]])
    controls = np.empty((600, 2, 0), np.int64)
    cut = torch_scorer(model, 512)(events, controls, targets)
    whole = torch_scorer(model)
    assert (cut[:512] == whole(events[:512], controls[:512], targets[:512])).all()
    events[512] = START
    assert (cut[512:] == whole(events[512:], controls[512:], targets[512:])).all()
    with pytest.raises(ValueError, match="context must be a multiple of 256, not 300"):
        torch_scorer(model, 300)


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request: pytest.FixtureRequest) -> NoteModel:
    torch.manual_seed(5)
    model = NoteModel(request.param, width=128, vocabulary="performance").eval()
    small = {} if request.param == "lstm" else {"layers": 2, "window": 40}
    model.backbone = made_up.awake(type(model.backbone)(128, **small))
    with torch.no_grad():
        model.out.weight.mul_(4)  # an error shows
    return model


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 5e-3), ("fp16", 2e-2), ("int8", 1.0)])
def test_the_engine_scores_events_as_torch_and_the_graphs_do(
    model: NoteModel, prepared: Path, tmp_path: Path, precision: str, tolerance: float
) -> None:
    reading = Corpus(prepared, "train", PERFORMANCE).read(3)
    given = [array[:, None].astype(np.int64) for array in (reading.events, reading.controls, reading.targets)]
    ranges = measure(model, given[0], given[1]) if precision == "int8" else None
    write_model(model, tmp_path, name="small", precision=precision, ranges=ranges)
    folder = ModelFolder(tmp_path)
    assert folder.config["fields"] == [{"name": "performance", "size": 388}]
    assert folder.config["controls"] == []
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "step.onnx"}
    expected = torch_scorer(model)(*given)[:, 0, 0]
    assert len(expected) > 300
    assert expected.std() > 0.2
    assert np.abs(folder.score(*given)[:, 0, 0] - expected).max() < tolerance
    assert np.abs(longplay.Model(tmp_path).score_events(reading.targets)[:, 0] + expected).max() < tolerance


def test_the_engine_draws_events_with_the_models_probabilities(model: NoteModel, tmp_path: Path) -> None:
    write_model(model, tmp_path, name="small")
    engine = longplay.Model(tmp_path)
    ids = engine.generate_events(400, random_seed=2)
    assert len(ids) == 400
    assert (ids != engine.generate_events(400, random_seed=3)).any()
    targets = ids[:, None].astype(np.int64)
    events = np.concatenate([np.full((1, 1, 1), START), targets[:-1]])
    nats = torch_scorer(model)(events, np.empty((400, 1, 0), np.int64), targets)
    assert np.abs(engine.score_events(ids)[:, 0] + nats[:, 0, 0]).max() < 5e-3
    assert nats.mean() < np.log(SIZE)  # than even chances, as what is drawn from a model is


def test_a_resumed_run_continues_exactly_and_its_figures_are_reported(prepared: Path, tmp_path: Path) -> None:
    start = ["--data", str(prepared), *SMALL, "--out"]
    whole = open_run([*start, str(tmp_path / "whole")])
    expected = [whole.advance() for _ in range(6)]
    assert expected[0][0] == pytest.approx(np.log(SIZE) * whole.events / whole.notes, rel=0.5)
    main([*start, str(tmp_path / "run"), "--steps", "4"])
    run = open_run(["--resume", "--out", str(tmp_path / "run"), "--steps", "6"])
    assert run.events > run.notes > 0
    assert [run.advance() for _ in range(2)] == expected[4:]

    out = tmp_path / "report"
    more = ["--splits", "val", "--context", "256", "--engine-pieces", "2", "--sample-events", "300"]
    published.main(["--run", str(tmp_path / "run"), "--data", str(prepared), "--out", str(out), *more])
    found = json.loads((out / "report.json").read_text())
    assert found["nats"]["val"]["whole"]["total"]["events"] == found["nats"]["val"]["256"]["total"]["events"] > 0
    assert found["engine"]["largest_difference"] < 5e-3
    assert found["engine"]["torch_nats_per_event"] == pytest.approx(found["engine"]["engine_nats_per_event"], abs=1e-3)
    ids = longplay.Model(out / "model").generate_events(300, random_seed=1)[:, 0]
    assert len(longplay.read_midi(out / "sample.mid")) == found["sample"]["notes"] == len(decode(ids))
    assert load_model(tmp_path / "run").vocabulary is PERFORMANCE


def test_a_run_of_notes_is_no_run_of_events(prepared: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    main(["--data", str(prepared), "--out", str(run), *SMALL[2:], "--head-width", "32", "--steps", "1"])
    with pytest.raises(SystemExit, match="run must be one with --vocabulary performance"):
        published.main(["--run", str(run), "--data", str(prepared), "--out", str(tmp_path / "report")])


def test_a_run_of_events_is_not_evaluated_as_one_of_notes(prepared: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    main(["--data", str(prepared), "--out", str(run), *SMALL, "--steps", "1"])
    with pytest.raises(SystemExit, match=r"--model must name a model of notes, not .*run"):
        evaluate.main(["--model", str(run), "--data", str(prepared), "--out", str(tmp_path / "report")])


def test_an_unknown_vocabulary_is_refused(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="vocabulary must be one of notes, fine, performance, not 'words'"):
        open_run(["--data", str(prepared), "--out", str(tmp_path / "run"), *SMALL, "--vocabulary", "words"])


def test_the_vocabulary_of_a_config_encodes_and_decodes_as_training_does():
    tokenizer = longplay.Tokenizer(PERFORMANCE.config("performance", [], 0))
    random = np.random.default_rng(3)
    for _ in range(20):
        ids = random.integers(0, SIZE, 300).astype(np.int32)
        assert np.array_equal(tokenizer.decode(ids[:, None]), decode(ids))
    notes = longplay.resolve_overlaps(made_up_notes(random, 500))
    assert np.array_equal(tokenizer.encode(notes)[:, 0], encode(notes))
