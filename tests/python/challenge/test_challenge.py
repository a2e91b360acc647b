"""`longplay.check` says what the challenge's grader does, to the bit: the grader of `grader` is its oracle."""

import json

import midi_files
import midi_maker
import numpy as np
import pytest
from core_calls import write_score
from grader import CLIPS, parse, predict
from hours import HOUR, an_hour, delta, made, notes_file
from smf import file

import longplay
from longplay.midi import parse_midi

FILES = 1000
END = "00 ff 2f 00"


def is_onset(message):
    return message.type == "note_on" and message.velocity > 0


def is_note_off(message):
    return message.type == "note_off" or (message.type == "note_on" and message.velocity == 0)


def assert_agrees(data):
    """Check that the report equals the oracle in outcome, length and every clip."""
    oracle = predict(data)
    report = longplay.check(data)
    assert (report.outcome, report.length, report.tracks) == (oracle.outcome, oracle.length, oracle.tracks)
    assert bool(report.reason) == (oracle.outcome != "accepted")
    assert len(report.clips) == len(oracle.clips)

    def seconds(ticks):
        return ticks / oracle.ticks_per_beat * 0.5

    for clip, messages in zip(report.clips, oracle.clips, strict=True):
        onsets = [i for i, message in enumerate(messages) if is_onset(message)]
        assert clip.note_ons == len(onsets)
        assert clip.note_offs == sum(map(is_note_off, messages))
        assert clip.others == len(messages) - clip.note_ons - clip.note_offs
        assert clip.seconds == seconds(sum(message.time for message in messages))
        first = seconds(sum(message.time for message in messages[: onsets[0] + 1])) if onsets else None
        assert clip.first_onset == first
    for clip, start in zip(report.clips, oracle.starts, strict=False):
        assert clip.start == seconds(start)
    return oracle.outcome


@pytest.mark.parametrize("part", range(10))
def test_a_thousand_random_and_nasty_files_fare_as_the_oracle_says(part):
    for number in range(part, FILES, 10):
        try:
            assert_agrees(midi_maker.make(number))
        except AssertionError as error:
            raise AssertionError(f"file {number}: {error}") from error


def test_the_random_files_meet_every_fate():
    reports = [longplay.check(midi_maker.make(number)) for number in range(200)]
    for outcome in ("accepted", "refused", "unreadable"):
        assert sum(report.outcome == outcome for report in reports) >= 20
    crashes = [report.reason for report in reports if report.outcome == "crashed"]
    assert any("all 120 clips are full" in reason for reason in crashes)
    assert any("mido does not measure" in reason for reason in crashes)


def test_hostile_files_fare_as_the_oracle_says():
    for path in midi_files.files("hostile"):
        assert_agrees(path.read_bytes())


# Peculiarities of mido that change the outcome. Each case is compared with the oracle, too.


@pytest.mark.parametrize(
    ("track", "outcome"),
    [
        pytest.param(f"00 90 3c 40 {END} {delta(3000)} 80 3c 00", "refused", id="it reads on after End-of-Track"),
        pytest.param(f"{delta(3000)} ff 08 01 41 {END}", "refused", id="an unknown meta event takes no time"),
        pytest.param("00 f0 02 7e f7 05 01 02 7e f7", "refused", id="a sysex sets running status"),
        pytest.param("00 f8 00 00", "unreadable", id="a realtime message has no running status"),
        pytest.param("00 ff 58 04 03 1d 18 08", "unreadable", id="2 to the 29th is no power of two"),
        pytest.param("00 ff 58 04 03 1c 18 08", "refused", id="2 to the 28th is"),
        pytest.param("00 ff 59 02 08 00", "unreadable", id="eight sharps"),
        pytest.param("00 ff 54 05 20 3c 00 00 00", "unreadable", id="minute 60"),
        pytest.param("00 ff 51 02 07 a1", "unreadable", id="a tempo of two bytes"),
        pytest.param("00 ff 51 04 07 a1 20 00", "refused", id="a tempo of four bytes"),
        pytest.param("00 ff 00 01 00", "unreadable", id="half a sequence number"),
        pytest.param("00 f0 03 7e 90 f7", "unreadable", id="a sysex with a high byte"),
        pytest.param(f"{'81' * 5} 00 90 3c 40", "refused", id="a number of six bytes"),
        pytest.param(f"{'ff' * 200} 00 90 3c 40", "crashed", id="more ticks than a float holds"),
        pytest.param("00 90 3c", "unreadable", id="half a message"),
        pytest.param("", "refused", id="an empty track"),
    ],
)
def test_what_mido_makes_of_bytes_is_known(track, outcome):
    assert assert_agrees(file(track)) == outcome


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        pytest.param(f"{delta(30_000)} 80 3c 00 00 80 40 00", "crashed", id="two note_offs at the end"),
        pytest.param(f"{delta(30_000)} 80 3c 00", "crashed", id="one, and End-of-Track"),
        pytest.param(f"{delta(29_999)} 80 3c 00 01", "accepted", id="End-of-Track alone"),
    ],
)
def test_what_comes_when_all_clips_are_full_crashes(ending, outcome):
    notes = f"{delta(30_000)} 90 3c 40 00 3c 00" * 119
    end = END[2:] if outcome == "accepted" else END
    assert assert_agrees(file(f"{notes} 00 90 3c 40 00 90 40 40 {ending} {end}")) == outcome


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 0xFFFF])
@pytest.mark.parametrize("division", [0, 1, 500, 0xE728])
def test_every_type_and_division_fares_as_the_oracle_says(kind, division):
    assert_agrees(file(f"{delta(3000)} 90 3c 40 {END}", kind=kind, division=division))


def test_what_longplay_writes_is_safe():
    report = longplay.check(longplay.write_midi(an_hour(0), 3600))
    assert (report.outcome, report.reason) == ("accepted", "")
    assert len(report.clips) == CLIPS
    # Notes at random do not all begin a clip in time: that is the engine's promise, not the writer's.
    assert {finding.name for finding in report.findings} <= {"late clips"}


def names(data, severity=None):
    return {f.name for f in longplay.check(data).findings if severity in (None, f.severity)}


def advises_pack(data):
    return any("longplay pack" in finding.remedy for finding in longplay.check(data).findings)


def can_be_packed(data):
    try:
        parse_midi(data)
    except longplay.MidiError:
        return False
    return True


def test_pack_is_advised_for_random_files_that_it_reads_and_for_no_other():
    unreadable = 0
    for number in range(300):
        data = midi_maker.make(number)
        advised = advises_pack(data)
        assert not advised or can_be_packed(data), number
        unreadable += not can_be_packed(data)
        if longplay.check(data).outcome == "unreadable":
            assert advised == can_be_packed(data), number
    assert unreadable >= 3


@pytest.mark.parametrize("kind", [0, 2, 3])
@pytest.mark.parametrize("division", [0, 500, 0xE728, 0xE900])
def test_pack_is_not_advised_for_a_type_or_division_that_it_refuses(kind, division):
    data = file(f"00 b0 40 7f 00 90 3c 7f 00 80 3c 00 {END}", kind=kind, division=division)
    assert advises_pack(data) == can_be_packed(data) == (kind < 3 and division in (500, 0xE728))


def test_what_neither_mido_nor_pack_reads_is_to_be_exported_again():
    [finding] = longplay.check(b"no music").findings
    assert finding.remedy.startswith("Export it again")
    assert "not a MIDI file" in finding.remedy


def test_every_refusal_is_named():
    track = write_score(made([]), HOUR - 10_001)[22:].hex()
    report = longplay.check(file(track, track, kind=1))
    assert report.outcome == "refused"
    assert "3589.999" in report.reason
    assert "2 tracks" in report.reason


def test_a_length_that_end_of_track_alone_holds_is_a_doubt():
    notes = made([(1000 * second, 400, 60, 64) for second in range(3585)])
    held = longplay.check(write_score(notes, HOUR, clip_ms=0))
    assert held.outcome == "accepted"
    doubts = [finding.problem for finding in held.findings if finding.name == "doubt"]
    assert doubts == ["if meta events are removed before the length is measured, it lasts 3584.400 s and is refused"]
    assert "doubt" not in names(longplay.write_midi(notes, 3600))


def test_meta_events_that_wait_are_a_doubt():
    """A quarter of the time is waited for by texts: dropped before they take it, a quarter of the clips is empty."""
    waiting = (
        f"{delta(1000)} 90 3c 40 {delta(1000)} 3c 00 {delta(1000)} 90 3c 40 {delta(1000)} ff 01 01 41 00 3c 00" * 898
    )
    problems = [finding.problem for finding in longplay.check(file(waiting + END)).findings if finding.name == "doubt"]
    assert problems == ["if meta events are dropped before their time is counted, 30 more clips are silent"]


def test_silent_and_late_clips_are_found():
    onsets = [30_000 * clip + (2000 if clip == 6 else 200) for clip in range(CLIPS) if clip != 50]
    data = longplay.write_midi(made([(onset, 100, 60, 64) for onset in onsets]), 3600)
    report = longplay.check(data)
    assert not report.safe
    problems = {finding.name: finding.problem for finding in report.findings}
    assert problems["silent clips"].startswith("clip 51 has no note")
    assert problems["late clips"].startswith("clip 7 begins")
    assert report.clips[50].first_onset is None
    assert report.clips[6].first_onset == pytest.approx(2.0, abs=0.01)


def test_what_voters_do_not_hear_is_counted():
    report = longplay.check(file(f"00 b0 40 7f 00 c0 05 00 e0 00 40 00 b0 07 64 00 90 3c 7f 00 99 24 40 00 f8 {END}"))
    problems = {finding.name: finding.problem for finding in report.findings}
    for name, beginning in {
        "pedal": "1 pedal message",
        "controllers": "1 controller message",
        "programs": "1 program change",
        "bends": "1 bend",
        "system": "1 sysex",
        "velocity": "1 note of velocity above 100",
        "channel 10": "1 drum note",
    }.items():
        assert problems[name].startswith(beginning)


def test_a_tempo_event_is_a_risk_unless_it_is_the_default():
    slow = notes_file(1000, 3_000_000, tempo="00 ff 51 03 0927c0")
    default = notes_file(1000, 3_600_000, tempo="00 ff 51 03 07a120")
    assert "tempo" in names(slow, "risk")
    assert "tempo" not in names(default)


def test_the_report_is_plain_json_even_when_the_length_is_not():
    endless = file("00 ff 51 03 ff ff ff" + "ff" * 145 + "7f 90 3c 40", division=1)
    report = longplay.check(endless)
    assert report.length == np.inf
    assert_agrees(endless)
    assert json.loads(json.dumps(report.as_dict(), allow_nan=False))["outcome"] == report.outcome


def test_clips_are_cut_as_the_oracle_cuts_them():
    data = longplay.write_midi(an_hour(1, notes=3000), 3600)
    for clip, messages in zip(longplay.clips(data), predict(data).clips, strict=True):
        midi = parse(clip)
        assert (midi.type, len(midi.tracks), midi.ticks_per_beat) == (0, 1, 500)
        assert [message for message in midi.tracks[0] if not message.is_meta] == list(messages)


def test_clips_of_random_files_are_cut_as_the_oracle_cuts_them():
    cut = 0
    for number in range(60):
        data = midi_maker.make(number)
        oracle = predict(data)
        if oracle.outcome == "accepted":
            cut += 1
            for clip, messages in zip(longplay.clips(data), oracle.clips, strict=True):
                assert [message for message in parse(clip).tracks[0] if not message.is_meta] == list(messages)
    assert cut >= 10


def test_a_file_that_is_not_accepted_has_no_clips():
    with pytest.raises(longplay.Error, match="no clips: refused, it lasts 2"):
        longplay.clips(longplay.write_midi(np.empty(0, longplay.NOTE), 2))
