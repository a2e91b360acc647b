"""The promises of docs/pieces.md, a function each: it asserts that a piece keeps the promise."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import grader
import numpy as np
from cadence_oracle import PlayedNote, is_closed

from longplay import Piece, _core

CLIP_MS, GRACE_MS, LATEST_CUT_MS = 30_000, 500, 119
MOST_SILENCE_MS, LAST_ONSET_MS, SILENT_END_MS, LONGEST_GAP_MS = 3000, 500, 10, 3000
CLOSING_MS, PAUSE_MS, SHORTEST_MS, LONGEST_MS = 8000, 1500, 120_000, 360_000
KEYBOARD = 24  # pitches from which on another one is always left
PIECE_END = 1 << 16  # address of the random number of a planned end


@dataclass
class Part:
    """A piece of a recital."""

    begin: int  # ms
    planned_end: int
    notes: list[PlayedNote]
    silent_from: int = 0  # as far as its own notes and those before go
    next_begin: int | None = None


@dataclass
class Case:
    """A piece with its inputs."""

    piece: Piece
    fields: Sequence[dict[str, Any]]  # of the model's config
    seed: list[PlayedNote]  # notes that the piece begins with
    quoted: set[tuple[int, ...]]  # runs of intervals that it must not have
    extended: bool = False  # then the ends were planned anew

    @cached_property
    def length(self) -> int:
        return round(self.piece.duration * 1000)

    @cached_property
    def notes(self) -> list[PlayedNote]:
        return [PlayedNote(*note) for note in self.piece.notes.tolist()]

    @cached_property
    def parts(self) -> list[Part]:
        """The pieces, from the ids that were drawn and the seed alone."""
        shifts, pitches, velocities, durations = (field["values"] for field in self.fields)
        onset, at_once = (self.seed[-1].onset, False) if self.seed else (0, True)
        sounding = {note.pitch: note.onset + note.duration for note in self.seed}
        parts = [Part(onset, self._planned_end(onset, 0), [])]
        for shift, pitch, velocity, duration in self.piece.events.tolist():
            if shift < len(shifts):
                onset += 0 if at_once else shifts[shift]
                at_once = False
                note = PlayedNote(onset, durations[duration], pitches[pitch], velocities[velocity])
                parts[-1].notes.append(note)
                sounding[note.pitch] = onset + note.duration
                continue
            parts[-1].silent_from = max([onset, *sounding.values()])
            if shift == len(shifts) and len(parts) < self.ends:
                onset = min(parts[-1].silent_from + PAUSE_MS, clip_deadline(onset))
                parts[-1].next_begin = onset
                parts.append(Part(onset, self._planned_end(onset, len(parts)), []))
                at_once, sounding = True, {}
        return parts

    @cached_property
    def ends(self) -> int:
        return int((self.piece.events[:, 0] == len(self.fields[0]["values"])).sum())

    @property
    def drawn(self) -> Iterator[PlayedNote]:
        for part in self.parts:
            yield from part.notes

    def _planned_end(self, begin: int, number: int) -> int:
        provenance = self.piece.provenance
        left = self.length - begin
        room = left - PAUSE_MS - SHORTEST_MS
        if not provenance.settings.recital or left <= LONGEST_MS or room < SHORTEST_MS:
            return self.length
        u = _core.uniform(
            random_seed=provenance.settings.random_seed, candidate=provenance.candidate, event=number, field=PIECE_END
        )
        return begin + min(SHORTEST_MS + int(u * (LONGEST_MS - SHORTEST_MS)), room)


def clip_deadline(onset: int) -> int:
    passed = onset // CLIP_MS
    begun = onset >= passed * CLIP_MS + min(passed, LATEST_CUT_MS)
    return (passed + begun) * CLIP_MS + GRACE_MS


def runs(pitches: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the intervals of each 12 notes in a row."""
    steps = [after - before for before, after in pairwise(pitches)]
    return (tuple(steps[i : i + 11]) for i in range(len(steps) - 10))


def it_lasts_exactly_as_long_as_asked(case: Case) -> None:
    midi = grader.parse(case.piece.to_bytes())
    assert (midi.ticks_per_beat, len(midi.tracks)) == (500, 1)  # a tick is a millisecond
    assert sum(message.time for message in midi.tracks[0]) == case.length


def it_has_the_notes_that_were_drawn_and_the_seed(case: Case) -> None:
    expected = sorted((note.onset, note.pitch, note.velocity) for note in [*case.seed, *case.drawn])
    assert [(note.onset, note.pitch, note.velocity) for note in case.notes] == expected


def its_notes_end_before_its_end(case: Case) -> None:
    assert max(note.onset for note in case.notes) <= case.length - LAST_ONSET_MS
    assert max(note.onset + note.duration for note in case.notes) <= case.length - SILENT_END_MS


def it_ends_neither_early_nor_late(case: Case) -> None:
    assert case.piece.events[-1, 0] == len(case.fields[0]["values"])
    assert case.length - max(note.onset + note.duration for note in case.notes) <= MOST_SILENCE_MS


def it_begins_at_once(case: Case) -> None:
    assert case.notes[0].onset == 0


def every_clip_begins_with_music(case: Case) -> None:
    onsets = np.array([note.onset for note in case.notes])
    first = case.seed[-1].onset if case.seed else 0
    for clip in range(1, (case.length - MOST_SILENCE_MS) // CLIP_MS + 1):
        boundary = clip * CLIP_MS
        in_time = (onsets >= boundary + min(clip, LATEST_CUT_MS)) & (onsets <= boundary + GRACE_MS)
        assert boundary < first or in_time.any(), boundary


def it_has_no_holes(case: Case) -> None:
    last = case.seed[-1].onset if case.seed else 0
    for part in case.parts:
        onsets = [note.onset for note in part.notes]
        gaps = np.diff([last, *onsets] if part is case.parts[0] else onsets)
        assert max(gaps, default=0) <= LONGEST_GAP_MS


def no_note_is_there_twice(case: Case) -> None:
    starts = Counter((note.onset, note.pitch) for note in [*case.seed, *case.drawn])
    assert max(starts.values()) == 1


def no_chord_is_endless(case: Case) -> None:
    drawn = Counter(note.onset for note in case.drawn)
    whole = drawn + Counter(note.onset for note in case.seed)
    assert all(whole[onset] <= 16 for onset in drawn)


def it_does_not_loop(case: Case) -> None:
    if len(case.fields[1]["values"]) < KEYBOARD:
        return  # a small keyboard may have nothing else left to play
    keys = set(case.fields[1]["values"])
    pitches = np.array([note.pitch for note in case.notes if note.pitch in keys])
    seed = sum(note.pitch in keys for note in case.seed)
    for period in range(16, min(257, len(pitches) // 3 + 1)):
        differs = np.flatnonzero(pitches[period:] != pitches[:-period]) + period
        edges = np.concatenate([[period - 1], differs, [len(pitches)]])
        runs = np.diff(edges) - 1
        assert (runs[edges[1:] > seed] < 2 * period).all(), period


def no_note_is_stuck(case: Case) -> None:
    lengths = {(note.onset, note.pitch): note.duration for note in [*case.seed, *case.drawn]}
    limits = [part.next_begin or case.length - SILENT_END_MS for part in case.parts]
    begins: dict[int, list[int]] = {}
    for note in case.notes:
        begins.setdefault(note.pitch, []).append(note.onset)
    for note in case.notes:
        later = begins[note.pitch][bisect_right(begins[note.pitch], note.onset) :][:1]
        over = next(limit for limit in limits if limit > note.onset)
        end = min([note.onset + lengths[note.onset, note.pitch], over, *later])
        assert note.onset + note.duration == end


def it_quotes_nothing(case: Case) -> None:
    drawn = [note.pitch for note in case.notes][max(0, len(case.seed) - 11) :]
    assert not case.quoted & set(runs(drawn))


def its_velocities_are_low_enough(case: Case) -> None:
    assert max((note.velocity for note in case.drawn), default=0) <= case.piece.provenance.settings.max_velocity


def its_parts_are_planned_to_last_two_to_six_minutes(case: Case) -> None:
    if case.extended:
        return
    *others, last = case.parts
    for part in others:
        assert part.planned_end - LONGEST_MS <= part.begin <= part.planned_end - SHORTEST_MS
    assert last.planned_end == case.length
    if others:
        assert 90_000 <= case.length - last.begin <= LONGEST_MS


def its_parts_end_on_a_close_or_at_their_planned_end(case: Case) -> None:
    if case.extended:
        return
    for part in case.parts:
        if not part.notes:
            continue  # the seed leaves no time
        onset, closed = part.notes[-1].onset, is_closed(part.notes, part.planned_end)
        assert onset <= part.planned_end - LAST_ONSET_MS
        at_end = part.planned_end - part.silent_from <= MOST_SILENCE_MS
        early = part is not case.parts[-1] and onset - part.begin >= SHORTEST_MS
        assert closed if not at_end or part.planned_end - onset > CLOSING_MS else True
        assert at_end or early


PROMISES: list[Callable[[Case], None]] = [
    it_lasts_exactly_as_long_as_asked,
    it_has_the_notes_that_were_drawn_and_the_seed,
    its_notes_end_before_its_end,
    it_ends_neither_early_nor_late,
    it_begins_at_once,
    every_clip_begins_with_music,
    it_has_no_holes,
    no_note_is_there_twice,
    no_chord_is_endless,
    it_does_not_loop,
    no_note_is_stuck,
    it_quotes_nothing,
    its_velocities_are_low_enough,
    its_parts_are_planned_to_last_two_to_six_minutes,
    its_parts_end_on_a_close_or_at_their_planned_end,
]
