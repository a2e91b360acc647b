"""`longplay.check` says what the challenge's grader does, to the bit: the grader of `grader` is its oracle."""

import json
from pathlib import Path

import midi_maker
import mido
import numpy as np
import pytest
from grader import CLIPS, parse, predict
from smf import file
from test_grader import an_hour, delta, made, notes_file

import longplay

HOSTILE = Path(__file__).parents[3] / "shared" / "data" / "hostile"
FILES = 1000


def is_onset(message):
    return message.type == "note_on" and message.velocity > 0


def is_note_off(message):
    return message.type == "note_off" or (message.type == "note_on" and message.velocity == 0)


def assert_agrees(data):
    """The report and the oracle are one in outcome, length and every clip."""
    oracle = predict(data)
    report = longplay.check(data)
    assert (report.outcome, report.length, report.tracks) == (oracle.outcome, oracle.length, oracle.tracks), report.reason
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


def test_the_random_files_are_of_every_kind():
    outcomes = [longplay.check(midi_maker.make(number)).outcome for number in range(300)]
    assert {outcome: outcomes.count(outcome) >= 15 for outcome in outcomes} == dict.fromkeys(
        ("accepted", "refused", "crashed", "unreadable"), True
    )
