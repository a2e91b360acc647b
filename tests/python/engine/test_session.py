"""Playing together with a model whose every note a few lines of Python predict."""

import json

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.midi import NOTE

GREEDY = {"temperature": 0.0, "max_velocity": 127}
FAR = (3, 0)  # what the controls say when no end is in sight
SHIFTS, PITCHES, VELOCITIES, DURATIONS = (field["values"] for field in tiny_model.FIELDS)


@pytest.fixture(scope="module")
def sharp(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("sharp")), num_threads=1)


@pytest.fixture(scope="module")
def soft(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("soft"), soft=True), num_threads=1)


class Partner:
    """A session of the sharp model, predicted."""

    def __init__(self):
        self.model, self.last, self.onset, self.chord = tiny_model.Predictor(), tiny_model.START_EVENT, None, set()

    def next(self, onset_ms=None, duration_ms=None, pitch=None, velocity=None):
        before = 0 if self.onset is None else self.onset
        drawn = [int(np.argmax(self.model.step(self.last, FAR)[: tiny_model.END]))]
        if onset_ms is not None:
            drawn = [nearest(SHIFTS, onset_ms - before)]
        if self.onset is None or SHIFTS[drawn[0]] > 0:
            self.chord = set()
        self.onset = onset_ms if onset_ms is not None else before + (0 if self.onset is None else SHIFTS[drawn[0]])
        pitches = np.array(self.model.head(drawn))
        pitches[list(self.chord)] = -np.inf  # a chord has a pitch once
        drawn.append(int(np.argmax(pitches)) if pitch is None else PITCHES.index(pitch))
        for values, given in ((VELOCITIES, velocity), (DURATIONS, duration_ms)):
            logits = self.model.head(drawn)
            drawn.append(int(np.argmax(logits)) if given is None else nearest(values, given))
        self.last = tuple(drawn)
        self.chord.add(drawn[1])
        values = (DURATIONS[drawn[3]], PITCHES[drawn[1]], VELOCITIES[drawn[2]])
        given = (duration_ms, pitch, velocity)
        return (self.onset, *(h if g is None else g for h, g in zip(values, given, strict=True)))

    def feed(self, note):
        onset, duration, pitch, velocity = note
        shift = 0 if self.onset is None else onset - self.onset
        self.model.step(self.last)
        self.last = (
            nearest(SHIFTS, shift),
            PITCHES.index(pitch),
            nearest(VELOCITIES, velocity),
            nearest(DURATIONS, duration),
        )
        self.move_to(onset)
        self.chord.add(self.last[1])

    def move_to(self, onset):
        if onset != self.onset:
            self.chord = set()
        self.onset = onset


def nearest(values, target):
    return min(range(len(values)), key=lambda i: (abs(values[i] - target), i))


def note(*fields):
    return np.array([fields], dtype=NOTE)


def test_notes_are_those_the_model_predicts(sharp):
    session, partner = sharp.session(**GREEDY), Partner()
    for _ in range(60):
        assert session.next()[0].item() == partner.next()


def test_feeding_and_drawing_mix_in_any_order(sharp):
    rng = np.random.default_rng(3)
    session, partner = sharp.session(**GREEDY), Partner()
    for _ in range(300):
        if rng.random() < 0.5:
            onset = (partner.onset or 0) + int(rng.integers(0, 3000))
            played = (onset, int(rng.integers(1, 5000)), int(rng.choice(PITCHES)), int(rng.integers(1, 128)))
            session.feed(note(*played))
            partner.feed(played)
        else:
            assert session.next()[0].item() == partner.next()


@pytest.mark.parametrize("random_seed", range(5))
def test_what_is_given_of_a_note_is_not_drawn_and_the_rest_knows_it(sharp, random_seed):
    rng = np.random.default_rng(random_seed)
    session, partner = sharp.session(**GREEDY), Partner()
    for _ in range(150):
        before = partner.onset
        values = {
            "onset_ms": 0 if before is None else before + int(rng.integers(0, 3001)),
            "duration_ms": int(rng.integers(1, 5000)),
            "pitch": int(rng.choice(PITCHES)),
            "velocity": int(rng.integers(1, 128)),
        }
        given = {name: value for name, value in values.items() if rng.random() < 0.4}
        assert session.next(**given)[0].item() == partner.next(**given)


def test_more_notes_may_be_given_at_once_than_would_be_drawn(soft):
    session = soft.session()
    session.next()
    for i in range(40):
        forced = session.next(onset_ms=0, pitch=PITCHES[i % len(PITCHES)])
        assert (forced["onset_ms"][0], forced["pitch"][0]) == (0, PITCHES[i % len(PITCHES)])


def test_a_time_may_be_given_that_is_nearest_to_one_too_long_to_be_drawn(tmp_path):
    folder = tiny_model.build(tmp_path / "far")
    config = json.loads((folder / "config.json").read_text())
    config["fields"][0]["values"][-1] = 3400
    (folder / "config.json").write_text(json.dumps(config))
    session = longplay.Engine(folder, num_threads=1).session()
    session.next()
    assert session.next(onset_ms=2900)["onset_ms"][0] == 2900


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"onset_ms": 999}, r"onset_ms must be in \[1000, 4000\], not 999"),
        ({"onset_ms": 4001}, r"onset_ms must be in \[1000, 4000\], not 4001"),
        ({"duration_ms": 0}, r"duration_ms must be in \[1, 86400000\], not 0"),
        ({"pitch": 61}, "pitch must be one that the model plays, not 61"),
        ({"pitch": 128}, r"pitch must be in \[0, 127\], not 128"),
        ({"velocity": 0}, r"velocity must be in \[1, 127\], not 0"),
        ({"velocity": 256}, r"velocity must be in \[1, 127\], not 256"),
    ],
)
def test_a_note_that_cannot_be_given_is_refused_and_nothing_drawn(soft, given, message):
    session, other = soft.session(), soft.session()
    session.feed(note(1000, 100, 60, 64))
    other.feed(note(1000, 100, 60, 64))
    with pytest.raises(ValueError, match=message):
        session.next(**given)
    assert session.snapshot() == other.snapshot()


def test_the_first_note_is_at_the_beginning(soft):
    with pytest.raises(ValueError, match=r"onset_ms must be 0, not 5"):
        soft.session().next(onset_ms=5)


def test_what_was_given_once_is_drawn_again_the_next_time(soft):
    session = soft.session(temperature=3.0)
    session.next(pitch=60, velocity=99, duration_ms=777)
    later = np.concatenate([session.next() for _ in range(30)])
    assert len(set(later["pitch"].tolist())) > 3
    assert not {99, 777} & {*later["velocity"].tolist(), *later["duration_ms"].tolist()}


def test_a_session_may_begin_with_a_fed_note_at_any_time(sharp):
    session, partner = sharp.session(**GREEDY), Partner()
    played = (7_654, 300, 60, 70)
    session.feed(note(*played))
    partner.feed(played)
    assert session.next()[0].item() == partner.next()


def test_a_rest_longer_than_any_shift_is_fed_as_the_longest(sharp):
    session, partner = sharp.session(**GREEDY), Partner()
    for played in ((0, 300, 60, 70), (3_600_000, 300, 62, 70)):
        session.feed(note(*played))
        partner.feed(played)
    assert session.next()[0].item() == partner.next()


def test_a_session_answers_its_seed(soft):
    seed = longplay.write_midi(np.array([(0, 400, 60, 64), (500, 400, 64, 64)], dtype=NOTE), 5)
    with_seed, without = soft.session(seed, **GREEDY), soft.session(**GREEDY)
    assert [with_seed.next().item() for _ in range(8)] != [without.next().item() for _ in range(8)]


def test_arrays_and_single_notes_are_fed_alike(soft):
    notes = np.concatenate([note(0, 300, 60, 70), note(0, 300, 64, 70), note(400, 300, 67, 70)])
    one, two = soft.session(), soft.session()
    one.feed(notes)
    for played in notes:
        two.feed(played)
    assert one.next().item() == two.next().item()


def test_the_same_calls_give_the_same_notes(soft):
    def play(random_seed):
        session = soft.session(random_seed=random_seed, temperature=3.0)
        notes = [session.next() for _ in range(20)]
        session.feed(note(int(notes[-1]["onset_ms"][0]) + 100, 50, 60, 64))
        return np.concatenate([*notes, *(session.next() for _ in range(20))])

    np.testing.assert_array_equal(play(1), play(1))
    assert not np.array_equal(play(1), play(2))


def test_a_note_that_was_fed_counts_towards_a_loop(soft):
    for random_seed in range(20):
        session = soft.session(random_seed=random_seed)
        for i in range(47):
            session.feed(note(100 * i, 50, 60, 64))
        assert session.next()["pitch"][0] != 60


@pytest.mark.parametrize(
    ("played", "message"),
    [
        ((999, 100, 60, 64), r"onset_ms must be in \[1000, \d+\], not 999"),
        ((1000, 0, 60, 64), r"duration_ms must be in \[1, 86400000\], not 0"),
        ((1000, 100, 60, 0), r"velocity must be in \[1, 127\], not 0"),
        ((1000, 100, 61, 64), "pitch must be one that the model plays, not 61"),
    ],
)
def test_an_impossible_note_is_refused_and_not_fed(soft, played, message):
    session, other = soft.session(), soft.session()
    session.feed(note(1000, 100, 60, 64))
    other.feed(note(1000, 100, 60, 64))
    with pytest.raises(ValueError, match=message):
        session.feed(note(*played))
    assert session.snapshot() == other.snapshot()


def test_only_notes_are_fed(soft):
    with pytest.raises(TypeError, match="notes must have dtype"):
        soft.session().feed(np.zeros(3))


def test_a_session_draws_single_notes_whatever_the_search_of_phrases(tmp_path):
    engine = longplay.Engine(tiny_model.add_critic(tiny_model.build(tmp_path / "judged", soft=True)), num_threads=1)
    plain, searching = engine.session(), engine.session(search=4)
    notes = [(plain.next(), searching.next()) for _ in range(20)]
    assert all(np.array_equal(*pair) for pair in notes)
    assert np.array_equal(engine.resume_session(searching.snapshot()).next(), plain.next())


def test_a_session_resumes_from_its_snapshot(soft):
    session = soft.session(random_seed=4, temperature=3.0)
    for _ in range(30):
        session.next()
    session.feed(note(10_000_000, 100, 60, 64))
    snapshot = session.snapshot()
    same, other = soft.resume_session(snapshot), soft.resume_session(snapshot, branch=1)
    expected = [session.next().item() for _ in range(30)]
    assert [same.next().item() for _ in range(30)] == expected
    assert [other.next().item() for _ in range(30)] != expected


def test_a_player_may_feed_up_to_the_greatest_length_and_nothing_follows(soft):
    end = 1 << 60  # ms
    session = soft.session()
    session.feed(note(end // 2, 100, 60, 64))
    late = int(session.next()["onset_ms"][0]) + 10  # beyond the half
    session.feed(note(late, 100, 60, 64))
    session.feed(note(end, 100, 60, 64))
    with pytest.raises(longplay.Error, match="the music has reached its greatest length"):
        session.next()
    with pytest.raises(longplay.Error):
        session.next(onset_ms=end, pitch=60)
    with pytest.raises(ValueError, match=rf"onset_ms must be {end}, not {end + 1}"):
        session.feed(note(end + 1, 100, 60, 64))
