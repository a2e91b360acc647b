"""Forms: sections return as planned, recognisable but not the same."""

import threading

import command
import numpy as np
import pytest
import tiny_model

import longplay
from longplay.midi import NOTE
from longplay.sections import Section, parse_form, recalled

FORM = "A8sB8sA8s"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


@pytest.fixture(scope="module")
def engine(model):
    return longplay.Engine(model, num_threads=1)


@pytest.fixture(scope="module")
def piece(engine):
    return engine.compose(FORM, particles=4)


def seed_notes(count=40):
    notes = np.zeros(count, NOTE)
    notes["onset_ms"], notes["duration_ms"] = 300 * np.arange(count), 250
    notes["pitch"], notes["velocity"] = np.resize([48, 55, 60, 64], count), 70
    return notes


def test_a_form_is_read_as_sections():
    assert parse_form("i4sA8sB12sAo5s") == [
        Section("i", 0, 4),
        Section("A", 4, 12),
        Section("B", 12, 24),
        Section("A", 24, 32, 1),
        Section("o", 32, 37),
    ]
    assert parse_form("A8sA16s")[1] == Section("A", 8, 24, 0)
    fast = {"pace": 1.5, "key": "F major"}
    assert parse_form("A8s(fast, F major)B8sA")[::2] == [Section("A", 0, 8, None, fast), Section("A", 16, 24, 0, fast)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "form must have a section"),
        ("A16s-B", r"form at position 5: a section, such as A16s, must begin, not '-'"),
        ("A16sB16", "form at position 5: B16 counts bars, but no model knows beats; write seconds, such as B16s"),
        ("A16sB", "form at position 5: the length of B is missing; write B16s"),
        ("As", "form at position 1: the number before s is missing"),
        ("A16si4s", "form at position 5: i must stand first"),
        ("o4sA16s", "form at position 1: o must stand last"),
        ("A3s", "form at position 1: A must last 4 to 600 s, not 3 s"),
        ("A8sB99999999999999999999s", "form at position 4: B must last 4 to 600 s, not 999999999 s"),
        ("A600s" * 145, "form must last at most 86400 s, not 87000 s"),
        ("a8s", "form at position 1"),
        ("A8sB8s(groovy)", "form at position 4: prompt has a word without a setting, 'groovy'"),
        ("A8s(one piece)", "form at position 1: a section does not take the setting recital"),
        ("A8s(slow)A(fast)", "form at position 10: A has its words from its first occurrence; leave out 'fast'"),
        ("A8s(slow", r"form at position 4: a section, such as A16s, must begin, not '\('"),
        ("A٣s", "form at position 1"),
    ],
)
def test_a_form_that_breaks_the_grammar_is_refused_with_its_position(text, problem):
    with pytest.raises(ValueError, match=problem):
        parse_form(text)


def test_a_return_keeps_notes_of_its_original_and_other_sections_do_not(piece):
    first, other, again = (piece[begin : begin + 8] for begin in (0, 8, 16))

    def kept(notes):
        return np.isin(first[["onset_ms", "pitch"]], notes[["onset_ms", "pitch"]]).mean()

    assert 0.4 < kept(again) < 0.8
    assert kept(other) < 0.1
    assert 0.7 < len(again) / len(first) < 1.4


def test_recall_decides_how_much_of_a_return_is_kept(engine):
    def shared(recall):
        piece = engine.compose("A8sA8s", particles=2, recall=recall)
        first, again = piece[0:8], piece[8:16]
        return np.isin(again[["onset_ms", "pitch"]], first[["onset_ms", "pitch"]]).mean()

    assert shared(0.0) < 0.2 < shared(0.3) < shared(0.9)


def test_the_melody_is_kept_first():
    notes = seed_notes()
    notes["pitch"][::2] += 24  # the higher notes
    notes["duration_ms"] = 550
    notes = longplay.resolve_overlaps(notes)
    assert (recalled(notes, 0.3, 0)["pitch"] >= 72).all()
    assert len(recalled(notes, 0.3, 0)) == 12
    assert np.array_equal(recalled(notes, 1.0, 0), notes)


def test_the_length_is_exact_and_nothing_sounds_at_the_end(piece):
    assert piece.duration == 24
    assert (piece.notes["onset_ms"] + piece.notes["duration_ms"]).max() <= 23_990
    assert np.array_equal(longplay.read_midi(piece.to_bytes()), piece.notes)


def test_the_first_section_continues_the_seed(engine, piece):
    seed = seed_notes()
    answer = engine.compose(FORM, seed, 4)
    assert answer != piece
    density = len(answer[0:8]) / 8
    assert 0.6 < density / (1000 / 300) < 1.6  # as dense as the seed
    assert answer == engine.compose(FORM, seed, 4)
    assert answer != engine.compose(FORM, seed, 4, random_seed=1)


def test_a_section_has_the_settings_of_its_words(engine):
    piece = engine.compose("A16sB16s(very fast, very soft)A", seed_notes(), 2)
    first, fast, again = (piece[begin : begin + 16] for begin in (0, 16, 32))
    assert len(fast) > 1.3 * max(len(first), len(again))
    assert fast["velocity"].max() <= 48 < min(first["velocity"].max(), again["velocity"].max())


def test_an_ending_closes_the_piece(engine):
    piece = engine.compose("i4sA8so6s", seed_notes(), 2)
    assert piece.duration == 18
    assert len(piece[12:18]) > 0


def test_progress_counts_all_sections_and_a_call_is_cancelled(engine):
    seen = []
    engine.compose(FORM, particles=2, progress=lambda made, total: seen.append((made, total)))
    assert seen[-1] == (24, 24)
    assert seen == sorted(seen)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(longplay.Cancelled):
        engine.compose(FORM, cancel=cancel)


def test_the_provenance_has_the_form_and_the_settings(engine):
    provenance = engine.compose(FORM, particles=2, random_seed=9, max_velocity=50).provenance
    assert (provenance.sketch.form, provenance.sketch.particles) == (FORM, 2)
    assert (provenance.settings.random_seed, provenance.settings.max_velocity) == (9, 50)
    assert provenance.settings.seconds == 24
    assert longplay.Provenance.from_dict(provenance.as_dict()) == provenance


def test_the_command_writes_what_the_call_returns(model, tmp_path):
    out = tmp_path / "out.mid"
    done = command.run("compose", FORM, "--particles", 2, "--recall", 0.4, "--model", model, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert out.read_bytes() == longplay.Engine(model).compose(FORM, particles=2, recall=0.4).to_bytes()
    done = command.run("compose", "A8sB", "--model", model, "--out", tmp_path / "b.mid")
    assert done.stderr == "longplay: form at position 4: the length of B is missing; write B16s\n"
