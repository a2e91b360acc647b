"""Sketches: given notes stay as they are, and what is drawn leads to them."""

import json
import threading

import numpy as np
import pytest
import random_model
import tiny_model
import vocabularies

import longplay
from longplay.midi import NOTE
from longplay.settings import NO_SKETCH_SETTINGS, Settings

PITCHES = np.array(tiny_model.FIELDS[1]["values"])
LOOSE = {"top_p": 1.0, "key": "free", "pitches": (0, 127)}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=2)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    return longplay.Engine(tiny_model.build_token(folder, vocabulary=vocabularies.performance()), num_threads=1)


def made_up(count, gap_ms=437, number=0):
    """Return notes at odd times, so that the tables of the model round all their fields."""
    random = np.random.default_rng(number)
    notes = np.zeros(count, NOTE)
    notes["onset_ms"] = np.arange(count) * gap_ms + random.integers(0, 97, count)
    notes["duration_ms"] = random.integers(1, 333, count)
    notes["pitch"] = random.choice(PITCHES, count)
    notes["velocity"] = random.integers(1, 128, count)
    return notes


def are_in(notes, piece):
    return np.isin(notes, piece.notes).all()


def between(notes, begin_ms, end_ms):
    return notes[(notes["onset_ms"] >= begin_ms) & (notes["onset_ms"] < end_ms)]


@pytest.mark.parametrize("number", range(5))
def test_a_melody_is_kept_to_the_millisecond(engine, number):
    melody = made_up(40, number=number)
    piece = engine.accompany(melody, 4, random_seed=number)
    assert are_in(melody, piece)
    assert len(piece.notes) > 50
    assert np.array_equal(longplay.read_midi(piece.to_bytes()), piece.notes)


def test_no_guard_binds_a_melody(engine):
    melody = made_up(120, gap_ms=30)
    melody["pitch"] = 48 + 19 * (np.arange(120) % 2)  # a loop, stuck, out of reach of one hand, louder than allowed
    melody["duration_ms"], melody["velocity"] = 20, 127
    melody = longplay.resolve_overlaps(melody)
    assert are_in(melody, engine.accompany(melody, 2, playable=True, max_velocity=40))


@pytest.mark.parametrize("number", range(6))
def test_random_models_keep_what_is_given(tmp_path, number):
    engine = longplay.Engine(random_model.build(tmp_path, number), num_threads=1)
    pitches = next(
        f["values"] for f in json.loads((tmp_path / "config.json").read_text())["fields"] if f["name"] == "pitch"
    )
    melody = made_up(60, number=number)
    melody["pitch"] = np.random.default_rng(number).choice(pitches, 60)
    piece = engine.accompany(melody, 4, playable=True)
    assert are_in(melody, piece)


def test_notes_outside_the_keys_of_the_model_are_kept(engine):
    melody = made_up(10)
    melody["pitch"][3:5] = 90, 91
    piece = engine.accompany(melody, 2)
    assert are_in(melody, piece)
    assert piece.warnings == ("The model does not hear 2 of the given notes because they are outside its keys.",)


@pytest.mark.parametrize("number", range(5))
def test_a_filled_gap_leaves_the_outside_as_it_is(engine, number):
    notes = made_up(60, number=number)
    piece = engine.infill(notes, 8.0, 14.0, 4, random_seed=number)
    for begin, end in ((0, 8000), (14_000, 10**9)):
        assert np.array_equal(between(piece.notes, begin, end), between(notes, begin, end))
    assert not np.isin(between(notes, 8000, 14_000), piece.notes).any()
    assert len(between(piece.notes, 8000, 14_000)) > 5


def test_a_gap_may_be_at_the_beginning_or_the_end(engine):
    notes = made_up(40)
    seconds = int((notes["onset_ms"] + notes["duration_ms"]).max()) / 1000 + 1
    for start, end in ((0.0, 5.0), (12.0, seconds)):
        piece = engine.infill(notes, start, end, 3)
        outside = notes[(notes["onset_ms"] < 1000 * start) | (notes["onset_ms"] >= 1000 * end)]
        assert are_in(outside, piece)
        assert len(piece.notes) > len(outside)


def test_a_performance_keeps_the_pitches_and_almost_the_times(engine):
    score = made_up(50, gap_ms=500)
    score["velocity"] = 64
    piece = engine.perform(score, 3, slack=0.03)
    assert sorted(piece.notes["pitch"]) == sorted(score["pitch"])
    moved = np.abs(np.sort(piece.notes["onset_ms"]) - score["onset_ms"])
    assert 0 < moved.max() <= 30
    assert len(set(piece.notes["velocity"].tolist())) > 1
    exact = engine.perform(score, 3, slack=0.0)
    assert np.array_equal(exact.notes["onset_ms"], score["onset_ms"])
    assert np.array_equal(exact.notes["pitch"], score["pitch"])


def test_a_variation_keeps_a_share_of_the_notes_and_all_outside_its_span(engine):
    notes = made_up(100)
    piece = engine.vary(notes, 10.0, 30.0, 2, keep=0.4)
    assert are_in(notes[(notes["onset_ms"] < 10_000) | (notes["onset_ms"] >= 30_000)], piece)
    inside = between(notes, 10_000, 30_000)
    assert 0.2 < np.isin(inside, piece.notes).mean() < 0.6
    assert np.array_equal(engine.vary(notes, particles=2, keep=1.0).notes, notes)


@pytest.mark.parametrize("gap_ms", [100, 250, 500, 1200])
def test_a_span_without_kept_notes_gets_about_as_many_as_it_had(engine, gap_ms):
    notes = made_up(28_000 // gap_ms, gap_ms=gap_ms)
    notes["duration_ms"] = np.minimum(notes["duration_ms"], gap_ms - 98)
    notes = longplay.resolve_overlaps(notes)
    wanted = len(between(notes, 4000, 20_000))
    made = (engine.vary(notes, 4.0, 20.0, 4, keep=0.0), engine.infill(notes, 4.0, 20.0, 4))
    for piece in made:
        assert 0.7 < len(between(piece.notes, 4000, 20_000)) / wanted < 1.5


def test_each_note_may_have_its_own_slack(engine):
    notes = made_up(20, gap_ms=800)
    free = np.arange(20) % 2 == 1
    sketch = longplay.Sketch(notes, 20.0, free_fields={"pitch": True}, slack=np.where(free, 0.2, 0.0))
    moved = np.abs(engine.complete(sketch, 2).notes["onset_ms"] - notes["onset_ms"])
    assert moved[~free].max() == 0
    assert 0 < moved[free].max() <= 200
    with pytest.raises(ValueError, match=r"slack must be in \[0, 1\], not 1.5"):
        longplay.Sketch(notes, 20.0, slack=np.full(20, 1.5))
    with pytest.raises(ValueError, match=r"slack must be one value or have shape \(20,\), not \(3,\)"):
        longplay.Sketch(notes, 20.0, slack=np.zeros(3))


def test_an_accompaniment_lies_below_the_lower_quartile_of_the_melody(engine):
    melody = made_up(40)
    melody["pitch"] = PITCHES[PITCHES > 60][np.arange(40) % (PITCHES > 60).sum()]
    melody = longplay.resolve_overlaps(melody)
    highest = np.percentile(melody["pitch"], 25)

    def added(**settings):
        piece = engine.accompany(melody, 4, **settings)
        return piece.notes["pitch"][~np.isin(piece.notes, melody)]

    assert added().max() < highest
    assert added(pitches=(0, 127)).max() > highest  # what the user asks for counts
    melody["pitch"][:11] = PITCHES.min()
    melody = longplay.resolve_overlaps(melody)
    assert engine.accompany(melody, 2).provenance.settings.pitches is None


def test_free_pitches_are_drawn_at_the_given_times(engine):
    notes = made_up(30)
    sketch = longplay.Sketch(notes, 20.0, free_fields={"pitch": True})
    piece = engine.complete(sketch, 2)
    assert np.array_equal(piece.notes["onset_ms"], notes["onset_ms"])
    assert np.array_equal(piece.notes["velocity"], notes["velocity"])
    assert not np.array_equal(piece.notes["pitch"], notes["pitch"])


def test_nothing_free_is_nothing_drawn(engine):
    notes = made_up(30)
    piece = engine.complete(longplay.Sketch(notes, 20.0), 8)
    assert np.array_equal(piece.notes, notes)
    assert len(piece.events) == 0


def test_an_empty_sketch_that_is_open_is_filled(engine):
    piece = engine.complete(longplay.Sketch(np.zeros(0, NOTE), 10.0, [(2.0, 6.0)]), 2)
    assert len(piece.notes) > 3
    assert 2000 <= piece.notes["onset_ms"].min() <= piece.notes["onset_ms"].max() < 6000


def test_the_bits_do_not_depend_on_the_batch_or_the_threads(engine, tmp_path):
    sketches = [longplay.Sketch(made_up(12, number=i), 10.0, [(0.0, 7.0)]) for i in range(9)]
    alone = longplay.Engine(tiny_model.build(tmp_path, soft=True), num_threads=1)
    many = list(engine.complete_batch(sketches, 5))
    assert many == list(alone.complete_batch(sketches, 5))
    assert many[0] == alone.complete(sketches[0], 5)
    assert many[3] != many[4]


def test_more_particles_than_rows_are_drawn_in_turn(engine):
    melody = made_up(6)
    assert are_in(melody, engine.accompany(melody, 100))


def test_the_cost_is_that_of_as_many_pieces(engine):
    melody = made_up(40)
    steps = {}
    for count in (1, 16):
        before = engine.statistics().row_steps
        piece = engine.accompany(melody, count)
        steps[count] = engine.statistics().row_steps - before
        assert steps[count] < 1.3 * count * len(piece.events)
    assert steps[16] < 1.3 * 16 * steps[1]


def test_what_leaves_nothing_to_decide_is_read_once_or_not_at_all(engine):
    notes = made_up(1000)
    before = engine.statistics().row_steps
    piece = engine.infill(notes, 200.0, 204.0, 16)
    drawn = len(piece.events)  # in the gap, and the notes that weigh it
    assert engine.statistics().row_steps - before < 500 + 1.5 * 16 * drawn
    assert drawn < 100


def test_particles_lead_to_the_given_pitches(engine):
    """The model finds the pitches of a melody more probable if many particles compete."""

    def given_nats(count):
        nats = []
        for number in range(6):
            melody = made_up(30, number=number)
            piece = engine.accompany(melody, count, **LOOSE)
            drawn = piece.log_probabilities[piece.events[:, 0] != tiny_model.END, 1]
            nats.append(-drawn[np.isin(piece.notes, melody)[-len(drawn) :]].mean())
        return np.mean(nats)

    assert given_nats(64) < given_nats(1) - 0.3


def test_added_notes_are_as_many_as_asked_for(engine):
    melody = made_up(60)
    few, many = (len(engine.accompany(melody, 4, density=d).notes) - 60 for d in (0.5, 3.0))
    assert 0.5 < few / 30 < 1.6
    assert 0.6 < many / 180 < 1.5


@pytest.mark.parametrize("name", NO_SKETCH_SETTINGS)
def test_settings_that_do_not_apply_are_refused(engine, name):
    with pytest.raises(TypeError, match=f"{name} does not apply to a sketch. To fix this, leave it out"):
        engine.accompany(made_up(3), **{name: getattr(Settings(), name)})


def test_a_model_of_tokens_refuses_sketches(tokens):
    with pytest.raises(ValueError, match="the model must be one of notes for a sketch"):
        tokens.accompany(made_up(3))


def test_what_does_not_fit_is_refused_by_its_name(engine):
    notes = made_up(3, gap_ms=1000)
    with pytest.raises(ValueError, match=r"particles must be in \[1, 1024\], not 0"):
        engine.complete(longplay.Sketch(notes, 5.0), 0)
    with pytest.raises(ValueError, match=r"end must be in \(1, "):
        engine.infill(notes, 1.0, 1.0)
    with pytest.raises(ValueError, match="melody must have notes that a piano plays"):
        engine.accompany(np.zeros(0, NOTE))
    with pytest.raises(ValueError, match="free_fields must name pitch, velocity, duration, not 'onset'"):
        longplay.Sketch(notes, 5.0, free_fields={"onset": True})
    with pytest.raises(ValueError, match=r"open\[1\].begin_ms must be in \[3000, 5000\], not 2000"):
        engine.complete(longplay.Sketch(notes, 5.0, [(1.0, 3.0), (2.0, 4.0)]))
    with pytest.raises(ValueError, match=r"notes\[2\].duration_ms must be in \[1, "):
        engine.complete(longplay.Sketch(notes, notes["onset_ms"][2] / 1000 + 0.012))
    for name in ("onset_ms", "duration_ms"):
        for wrong in (-1, 5001, 2**63 - 1):
            moved = notes.copy()
            moved[name][2] = wrong
            with pytest.raises(ValueError, match=rf"notes\[2\].{name} must be in \[0, 5000\], not {wrong}"):
                longplay.Sketch(moved, 5.0)


def test_the_provenance_names_the_sketch_and_cannot_regenerate_the_piece(engine):
    melody = made_up(10)
    piece = engine.accompany(melody, 3, random_seed=5)
    provenance = piece.provenance
    assert provenance.sketch.particles == 3
    assert provenance.settings.random_seed == 5
    assert longplay.Provenance.from_dict(provenance.as_dict()) == provenance
    assert provenance.sketch.hash != engine.accompany(made_up(11), 3, random_seed=5).provenance.sketch.hash
    with pytest.raises(ValueError, match="To repeat this one, call `complete`"):
        engine.regenerate(provenance)


def test_a_call_is_cancelled(engine):
    cancel = threading.Event()
    melody = made_up(5000)
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(longplay.Cancelled):
        engine.accompany(melody, 64, cancel=cancel)


def test_progress_ends_with_the_length(engine):
    seen = []
    piece = engine.accompany(made_up(200), 4, progress=lambda made, total: seen.append((made, total)))
    assert seen[-1] == (piece.duration, piece.duration)
    assert all(made <= total for made, total in seen)
