"""How MIDI bytes become notes: each rule of docs/midi.md on a file small enough to read."""

from fractions import Fraction
from math import floor

import pytest
from smf import file, smf

import longplay
from longplay.midi import parse_midi

NOTE_ON_AT_0 = "00 90 3c 40"  # delta 0, channel 1, middle C, velocity 64
END = "00 ff 2f 00"


def read(data: bytes, **options: bool) -> list[tuple[int, int, int, int]]:
    """Return the notes as tuples, and fail if the reader warns."""
    notes, warnings = parse_midi(data, **options)
    assert warnings == []
    return notes.tolist()


def read_odd(data: bytes, **options: bool) -> tuple[list[tuple[int, int, int, int]], list[str]]:
    notes, warnings = parse_midi(data, **options)
    return notes.tolist(), warnings


def test_a_file_byte_by_byte():
    data = smf("""
        4d546864 00000006  # MThd, 6 bytes
        0000 0001 0060     # type 0, one track, 96 ticks per quarter note
        4d54726b 00000013  # MTrk, 19 bytes
        00 ff 51 03 07a120 # 500000 us per quarter note
        60 90 3c 40        # after a quarter note: C4 on, velocity 64
        30 3c 00           # after an eighth: running status, velocity 0 is a note_off
        8160 ff 2f 00      # after 224 ticks: End-of-Track
    """)
    assert read(data) == [(500, 250, 60, 64)]
    assert longplay.read_midi(data).tolist() == [(500, 250, 60, 64)]


def test_running_status_lasts_until_the_next_status():
    data = file(f"{NOTE_ON_AT_0} 00 40 41  0a 3c 00 00 40 00  00 b0 07 64  0a 90 3c 20  0a 80 3c 00 {END}")
    assert read(data) == [(0, 10, 60, 64), (0, 10, 64, 65), (20, 10, 60, 32)]


def test_all_tracks_of_type_1_follow_one_tempo_map():
    tempo = f"00 ff 51 03 07a120  8374 ff 51 03 0f4240 {END}"  # 500 ticks at 120, then 60 to the minute
    notes = f"8268 90 3c 40  8268 80 3c 00 {END}"  # ticks 360 to 720
    late = f"8374 90 40 40  8374 80 40 00 {END}"  # ticks 500 to 1000
    assert read(file(tempo, notes, late, kind=1)) == [(360, 580, 60, 64), (500, 1000, 64, 64)]


def test_tracks_of_type_2_play_one_after_the_other_each_with_its_own_tempo():
    slow = f"00 ff 51 03 0f4240  {NOTE_ON_AT_0} 64 80 3c 00  64 ff 2f 00"  # 200 ticks of 2 ms
    plain = f"{NOTE_ON_AT_0} 64 80 3c 00 {END}"
    assert read(file(slow, plain, kind=2)) == [(0, 200, 60, 64), (400, 100, 60, 64)]


def test_smpte_ticks_are_parts_of_a_frame_and_know_no_tempo():
    track = f"00 ff 51 03 0f4240  0a 90 3c 40  14 80 3c 00 {END}"
    assert read(file(track, division=0xE728)) == [(10, 20, 60, 64)]  # 25 frames of 40 ticks: 1 ms


def test_smpte_29_means_30000_frames_in_1001_seconds():
    track = f"bb5f 90 3c 40  01 80 3c 00 {END}"  # 7647 ticks
    assert read(file(track, division=0xE301)) == [(round(7647 * 1001 / 30), 33, 60, 64)]


@pytest.mark.parametrize("ticks_per_quarter", [1, 3, 7, 96, 480, 32767])
def test_rounding_to_milliseconds_does_not_add_up(ticks_per_quarter):
    tempo = 333_333  # us per quarter note
    beats = "01 90 3c 40 01 3c 00" * 2000
    data = file(f"00 ff 51 03 {tempo:06x} {beats} {END}", division=ticks_per_quarter)
    exact = [Fraction(tick * tempo, 1000 * ticks_per_quarter) for tick in range(1, 4000, 2)]
    got = {onset for onset, _, _, _ in read(data)}
    assert got == {floor(onset + Fraction(1, 2)) for onset in exact}


def test_a_note_released_under_the_pedal_lasts_until_the_pedal_is_lifted():
    data = file(f"00 b0 40 40  {NOTE_ON_AT_0}  0a 80 3c 00  14 b0 40 3f  0a ff 2f 00")
    assert read(data) == [(0, 30, 60, 64)]
    assert read(data, sustain=False) == [(0, 10, 60, 64)]


def test_the_pedal_is_down_from_64_on():
    data = file(f"00 b0 40 3f  {NOTE_ON_AT_0}  0a 80 3c 00  14 b0 40 00 {END}")
    assert read(data) == [(0, 10, 60, 64)]


def test_a_pedal_holds_the_notes_of_its_channel_alone():
    data = file(f"00 b0 40 7f  00 90 3c 40 00 91 40 40  0a 80 3c 00 00 81 40 00  14 b0 40 00 {END}")
    assert read(data) == [(0, 30, 60, 64), (0, 10, 64, 64)]


def test_a_key_that_is_still_down_when_the_pedal_is_lifted_sounds_on():
    data = file(f"00 b0 40 7f  {NOTE_ON_AT_0}  0a b0 40 00  0a 80 3c 00 {END}")
    assert read(data) == [(0, 20, 60, 64)]


def test_a_note_under_the_pedal_ends_where_its_pitch_is_struck_again():
    data = file(f"""
        00 b0 40 7f  {NOTE_ON_AT_0}  0a 80 3c 00  # under the pedal from 10 on
        0a 91 3c 20  0a 81 3c 00                  # struck again at 20, on another channel
        0a b0 40 00 {END}
    """)
    assert read(data) == [(0, 20, 60, 64), (20, 10, 60, 32)]


def test_a_pedal_that_is_never_lifted_holds_to_the_end_of_the_file():
    held = f"00 b0 40 7f  {NOTE_ON_AT_0}  0a 80 3c 00 {END}"
    longer = "32 ff 2f 00"
    assert read(file(held, longer, kind=1)) == [(0, 50, 60, 64)]


@pytest.mark.parametrize("controller", [0x78, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F])
def test_all_sound_off_all_notes_off_and_the_modes_release_the_keys_of_their_channel(controller):
    data = file(f"{NOTE_ON_AT_0} 00 91 40 40  0a b0 {controller:02x} 00  0a 81 40 00 {END}")
    assert read(data) == [(0, 10, 60, 64), (0, 20, 64, 64)]


@pytest.mark.parametrize(("controller", "end"), [(0x78, 20), (0x79, 20), (0x7B, 30)])
def test_all_sound_off_and_reset_end_what_the_pedal_holds_and_all_notes_off_does_not(controller, end):
    data = file(f"00 b0 40 7f  {NOTE_ON_AT_0}  0a 80 3c 00  0a b0 {controller:02x} 00  0a b0 40 00 {END}")
    assert read(data) == [(0, end, 60, 64)]


def test_of_two_presses_of_a_key_the_first_is_released_first():
    data = file(f"{NOTE_ON_AT_0} 0a 90 3c 20  0a 80 3c 00  0a 80 3c 00 {END}")
    assert read(data) == [(0, 10, 60, 64), (10, 20, 60, 32)]  # and the earlier ends where the later starts


def test_notes_that_start_together_on_a_pitch_are_one_the_longest_and_loudest():
    data = file(f"{NOTE_ON_AT_0} 00 91 3c 50  0a 81 3c 00  0a 80 3c 00 {END}")
    assert read(data) == [(0, 20, 60, 0x50)]


def test_a_pitch_on_two_channels_is_one_key():
    data = file(f"{NOTE_ON_AT_0} 0a 91 3c 20  05 81 3c 00  0a 80 3c 00 {END}")
    assert read(data) == [(0, 10, 60, 64), (10, 5, 60, 32)]


def test_a_note_off_of_one_track_does_not_cut_a_note_that_another_starts_at_the_same_time():
    second_half = f"0a 90 3c 20  0a 80 3c 00 {END}"
    first_half = f"{NOTE_ON_AT_0} 0a 80 3c 00 {END}"
    expected = [(0, 10, 60, 64), (10, 10, 60, 32)]
    assert read(file(first_half, second_half, kind=1)) == expected
    assert read(file(second_half, first_half, kind=1)) == expected


def test_a_note_without_length_lasts_a_millisecond():
    assert read(file(f"{NOTE_ON_AT_0} 00 80 3c 00 {END}")) == [(0, 1, 60, 64)]


def test_a_note_that_is_never_released_ends_with_its_track():
    data = file(f"{NOTE_ON_AT_0} 0a ff 2f 00", "14 ff 2f 00", kind=1)
    assert read_odd(data) == (
        [(0, 10, 60, 64)],
        ["1 note is never released and lasts to the end of the track, at byte 23"],
    )


def test_a_note_off_for_a_silent_key_does_nothing():
    assert read(file(f"00 80 3c 00 {NOTE_ON_AT_0} 0a 80 40 00 0a 80 3c 00 {END}")) == [(0, 20, 60, 64)]


def test_drums_are_left_out_unless_they_are_kept():
    data = file(f"00 99 24 40  0a 89 24 00 {END}")
    assert read_odd(data) == ([], ["1 note of channel 10 (drums) was left out, at byte 23"])
    assert read(data, keep_drums=True) == [(0, 10, 36, 64)]


def test_what_no_piano_plays_is_left_out_when_pianos_alone_are_asked_for():
    data = file(f"""
        00 c0 08  00 90 3c 40    # a celesta on channel 1, the first that is none
        00 c1 07  00 91 40 40    # a clavinet on channel 2, the last of the pianos
        00 c9 28  00 99 24 40    # drums, which `keep_drums` is about
        00 92 43 40              # channel 3, which has no program yet
        0a 80 3c 00  00 81 40 00  00 89 24 00  00 82 43 00
        00 c0 00  00 90 3c 40  0a 80 3c 00 {END}  # and a piano on channel 1
    """)
    kept = [(0, 10, 36, 64), (0, 10, 64, 64), (0, 10, 67, 64), (10, 10, 60, 64)]
    celesta = ["1 note of a program that is no piano was left out, at byte 26"]
    assert read_odd(data, piano_only=True, keep_drums=True) == (kept, celesta)
    assert read(data, keep_drums=True) == sorted([(0, 10, 60, 64), *kept])


def test_each_track_of_type_2_begins_with_a_piano():
    violin, piano = f"00 c0 28 00 90 3c 40 0a 80 3c 00 {END}", f"00 90 40 40 0a 80 40 00 {END}"
    notes, _ = read_odd(file(violin, piano, kind=2), piano_only=True)
    assert notes == [(10, 10, 64, 64)]


def test_notes_come_by_onset_then_pitch():
    data = file(f"00 90 48 40 00 3c 40 0a 30 40 0a 48 00 00 3c 00 00 30 00 {END}")
    assert [(onset, pitch) for onset, _, pitch, _ in read(data)] == [(0, 60), (0, 72), (10, 48)]


def test_messages_without_effect_on_a_piano_are_skipped():
    data = file(f"""
        00 ff 01 03 414243     # text
        00 ff 7f 00            # sequencer specific, empty
        00 f0 05 7e7f0901 f7   # sysex
        00 f7 02 0102          # escape
        00 c0 05  00 d0 40     # program change, channel pressure: one data byte
        00 a0 3c 40  00 e0 00 40
        {NOTE_ON_AT_0} 0a 80 3c 00 {END}
    """)
    assert read(data) == [(0, 10, 60, 64)]


def test_a_delta_has_up_to_five_bytes():
    data = file("80808000 90 3c 40  808080 8100 80 3c 00  00 ff 2f 00")
    assert read(data) == [(0, 128, 60, 64)]


def test_a_note_off_of_another_track_releases_a_key_of_the_channel():
    pressed, released = f"{NOTE_ON_AT_0} 14 ff 2f 00", f"0a 80 3c 00 {END}"
    assert read(file(pressed, released, kind=1)) == [(0, 10, 60, 64)]
    other_channel = f"0a 81 3c 00 {END}"
    assert read_odd(file(pressed, other_channel, kind=1))[0] == [(0, 20, 60, 64)]
