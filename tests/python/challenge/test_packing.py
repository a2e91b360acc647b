"""`longplay.pack` makes a safe hour of anything."""

from pathlib import Path

import midi_maker
import numpy as np
import pytest
import tiny_model
from hours import HOUR, an_hour, made
from smf import file

import longplay


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny")), num_threads=1)


def assert_safe(data):
    report = longplay.check(data)
    assert report.safe, [finding.problem for finding in report.findings]


def test_a_generated_hour_is_safe(engine):
    for random_seed in range(3):
        assert_safe(engine.generate(None, 3600, random_seed=random_seed).to_bytes())


def test_a_safe_hour_is_packed_as_it_is(engine):
    piece = engine.generate(None, 3600)
    packed = longplay.pack(piece.to_bytes(), engine)
    assert packed.changes == ()
    assert packed.to_bytes() == piece.to_bytes()


def test_a_short_piece_begins_the_hour(engine):
    notes = made([(0, 400, 60, 64), (500, 400, 64, 64), (1000, 400, 67, 64)])
    packed = longplay.pack(longplay.write_midi(notes, 2), engine)
    np.testing.assert_array_equal(packed.notes[:3], notes)
    assert packed.changes == ("the model continued from 1.000 s",)
    assert_safe(packed.to_bytes())


def test_a_continuation_follows_its_random_seed(engine):
    short = longplay.write_midi(made([(0, 400, 60, 64)]), 2)
    first, again, other = (longplay.pack(short, engine, random_seed=seed).to_bytes() for seed in (1, 1, 2))
    assert first == again != other


def test_nothing_at_all_becomes_an_hour(engine):
    packed = longplay.pack(longplay.write_midi(made([]), 2), engine)
    assert "the model generated the hour" in packed.changes[0]
    assert_safe(packed.to_bytes())


def test_a_long_piece_is_trimmed(engine):
    notes = made([(200 * i, 500, 60 + i % 12, 64) for i in range(20_000)])
    packed = longplay.pack(longplay.write_midi(notes, 4100), engine)
    assert packed.changes == ("2002 notes past the hour were removed",)
    np.testing.assert_array_equal(packed.notes["onset_ms"], notes["onset_ms"][: len(packed.notes)])
    assert_safe(packed.to_bytes())


def test_silence_before_and_between_the_notes_is_shortened(engine):
    notes = made([(7000, 400, 60, 64), (9000, 400, 62, 64), (69_000, 400, 64, 64), (70_000, 400, 65, 64)])
    packed = longplay.pack(longplay.write_midi(notes, 80), engine)
    assert packed.notes["onset_ms"][:4].tolist() == [0, 2000, 5000, 6000]
    assert packed.notes["duration_ms"][:4].tolist() == [400] * 4
    assert packed.changes[:2] == (
        "7.000 s of silence before the first note were removed",
        "1 gaps between onsets were shortened to 3 s, by 57.000 s in all",
    )
    assert_safe(packed.to_bytes())


def test_loud_notes_are_scaled_and_keep_their_order(engine):
    notes = made([(300 * i, 200, 60, velocity) for i, velocity in enumerate((127, 100, 64, 1))])
    packed = longplay.pack(longplay.write_midi(notes, 5), engine)
    assert packed.notes["velocity"][:4].tolist() == [100, 78, 50, 1]
    assert "scaled by 100 / 127" in packed.changes[0]


def test_tempo_pedal_tracks_and_drums_are_baked(engine):
    data = file(
        "00 ff 51 03 0f4240 00 ff 2f 00",  # 60 to the minute: a tick is 2 ms
        "00 b0 40 7f 00 90 3c 40 64 80 3c 00 64 b0 40 00 00 99 24 40 64 90 40 40 64 80 40 00 00 ff 2f 00",
        kind=1,
    )
    packed = longplay.pack(data, engine)
    assert packed.notes[:2].tolist() == [(0, 400, 60, 64), (600, 200, 64, 64)]
    assert any("drum" in warning for warning in packed.warnings)
    assert_safe(packed.to_bytes())


def test_boundaries_get_an_onset_and_the_tempo_bends_by_five_percent_at_most(engine):
    notes = made([(2900 * i, 2000, 60 + i % 12, 64) for i in range(1200)])
    packed = longplay.pack(longplay.write_midi(notes, 3500), engine)
    assert_safe(packed.to_bytes())
    gaps = np.diff(packed.notes["onset_ms"][:1200])
    assert (np.abs(gaps / 2900 - 1) < 0.055).all()


@pytest.mark.parametrize("random_seed", range(4))
def test_an_hour_of_chords_and_rests_is_made_safe_with_all_its_notes(engine, random_seed):
    notes = an_hour(random_seed, notes=3000)
    packed = longplay.pack(longplay.write_midi(notes, 3600), engine)
    assert_safe(packed.to_bytes())
    kept = packed.notes[packed.notes["onset_ms"] <= HOUR]
    assert len(kept) >= len(notes) - 20  # rounding may bring two notes of one pitch together


@pytest.mark.parametrize("name", ["cc_ff.mid", "rmi.rmi"])
def test_a_file_that_mido_refuses_is_packed_as_check_advises(engine, name):
    data = (Path(__file__).parents[2] / "data" / "midi" / name).read_bytes()
    report = longplay.check(data)
    assert (report.outcome, len(report.findings)) == ("unreadable", 1)
    assert "longplay pack" in report.findings[0].remedy
    assert_safe(longplay.pack(data, engine).to_bytes())


def test_random_and_nasty_files_are_made_safe(engine):
    packed = 0
    for number in range(15):
        try:
            hour = longplay.pack(midi_maker.make(number), engine)
        except longplay.MidiError:
            continue
        packed += 1
        assert_safe(hour.to_bytes())
    assert packed >= 6
