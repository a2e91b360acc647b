"""Measure how many planted quotations are found: `python -m benchmarks.originality --data FOLDER --index FILE`.

The script takes passages of the training set (the index) and changes them. With each passage, it replaces a part of a
piece of a held-out split. It counts the passages that are found: at least half of an alarm's notes must be planted
ones. Melodies are planted above the other notes, in another key; notes above the melody are moved down by octaves.
False alarms are counted on the unchanged held-out pieces. FOLDER holds manifest.csv and the MIDI files.

`--copies N` builds the index instead of opening one: a seventh of the training set, with N copies of each of twelve
works. The copies are in other keys and at other tempos, and have other wrong notes. A minute of another work follows
every second copy. The passages come from these twelve works.
"""

import argparse
import csv
import dataclasses
import itertools
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import longplay
from longplay.midi import NOTE, Notes, read_midi
from longplay.originality import Index, Line, TrainingFile, training_files
from longplay.originality.line import quoted

COPIED_WORKS = 12
SHARE_OF_SET = 7  # one in so many files is in an index with copies
LONGEST_COPIED_MS = 600_000
JOINED_MS = 60_000
JOINED = "+"  # ends the name of a copy that begins with a minute of another work

Change = Callable[[np.random.Generator, Notes], Notes]


def exact(random: np.random.Generator, notes: Notes) -> Notes:
    return notes


def transposed(random: np.random.Generator, notes: Notes) -> Notes:
    """Transpose by one to six semitones up or down."""
    notes["pitch"] = np.clip(notes["pitch"].astype(int) + random.integers(1, 7) * random.choice([-1, 1]), 0, 127)
    return notes


def other_tempo(random: np.random.Generator, notes: Notes) -> Notes:
    """Change the tempo by up to 10 %."""
    factor = random.uniform(0.9, 1.1)
    notes["onset_ms"] = np.rint(notes["onset_ms"] * factor)
    notes["duration_ms"] = np.maximum(1, np.rint(notes["duration_ms"] * factor))
    return notes


def changed(random: np.random.Generator, notes: Notes) -> Notes:
    """Change the pitch of one note in twenty by up to seven semitones."""
    struck = random.random(len(notes)) < 0.05
    step = random.integers(1, 8, len(notes)) * random.choice([-1, 1], len(notes))
    notes["pitch"] = np.clip(notes["pitch"].astype(int) + struck * step, 0, 127)
    return notes


def dropped(random: np.random.Generator, notes: Notes) -> Notes:
    """Leave out one note in twenty."""
    return notes[random.random(len(notes)) >= 0.05]


def all_at_once(random: np.random.Generator, notes: Notes) -> Notes:
    return changed(random, other_tempo(random, transposed(random, notes)))


CHANGES: dict[str, Change] = {
    "exact": exact,
    "transposed": transposed,
    "tempo +-10 %": other_tempo,
    "5 % of notes changed": changed,
    "transposed, other tempo, 5 % changed": all_at_once,
    "5 % of notes left out": dropped,
}


def passage(random: np.random.Generator, index: Index, seconds: float, least_notes: int) -> Notes:
    """Draw a passage of the training set; it begins at 0 ms."""
    while True:
        first = int(random.integers(len(index.pitches)))
        work = index.work_at(index.first_notes, first)
        end = int(index.first_notes[work + 1])
        onsets = index.onsets_ms[first:end].astype(np.int64) - int(index.onsets_ms[first])
        count = int(np.searchsorted(onsets, seconds * 1000))
        if count < least_notes or onsets[-1] < seconds * 1000:
            continue
        notes = np.zeros(count, NOTE)
        notes["onset_ms"], notes["pitch"] = onsets[:count], index.pitches[first : first + count]
        notes["duration_ms"], notes["velocity"] = 100, 64
        return notes


def plant(random: np.random.Generator, host: Notes, quote: Notes) -> tuple[Notes, tuple[int, int]]:
    """Replace a part of a piece with a passage; return the range of the passage's onsets in ms."""
    length = int(quote["onset_ms"].max()) + 1
    last = int(host["onset_ms"].max())
    at = int(random.integers(max(1, last - length)))
    kept = host[(host["onset_ms"] < at) | (host["onset_ms"] >= at + length)]
    quote["onset_ms"] += at
    return longplay.resolve_overlaps(np.concatenate([kept, quote]).astype(NOTE)), (at, at + length)


def plain_melody(random: np.random.Generator, index: Index, least_notes: int) -> Notes:
    """Draw a melody of the training set, transposed by up to five semitones; it begins at 0 ms."""
    while True:
        first, count = int(random.integers(len(index.melody))), int(random.integers(least_notes, 2 * least_notes + 1))
        positions = index.melody[first : first + count + 1]  # the last one ends the one before it
        works = {index.work_at(index.first_notes, int(position)) for position in positions[[0, -1]]}
        onsets, pitches = index.onsets_ms[positions].astype(np.int64), index.pitches[positions].astype(int)
        if len(positions) <= count or len(works) > 1 or onsets[-1] - onsets[0] > 1000 * count:
            continue  # it ends, or pauses
        if len(set(pitches)) < 5 or np.abs(np.diff(pitches)).max() > 9:
            continue  # a figure, or nothing that is sung
        notes = np.zeros(count, NOTE)
        notes["onset_ms"], notes["duration_ms"] = onsets[:-1] - onsets[0], np.maximum(1, np.diff(onsets))
        notes["pitch"], notes["velocity"] = np.clip(pitches[:-1] + random.integers(-5, 6), 0, 127), 64
        return notes


def sing(random: np.random.Generator, host: Notes, song: Notes) -> tuple[Notes, tuple[int, int]]:
    """Put a melody above a piece and move higher notes down by octaves; return the range of its onsets in ms."""
    length = int((song["onset_ms"] + song["duration_ms"]).max())
    at = int(random.integers(max(1, int(host["onset_ms"].max()) - length)))
    song["onset_ms"] += at
    ends, song_ends = host["onset_ms"] + host["duration_ms"], song["onset_ms"] + song["duration_ms"]
    for i in np.flatnonzero((ends > at) & (host["onset_ms"] < at + length)):
        sung = song["pitch"][(song["onset_ms"] < ends[i]) & (song_ends > host["onset_ms"][i])]
        above = int(host["pitch"][i]) - int(sung.min(initial=128)) + 1
        host["pitch"][i] -= min(12 * max(0, -(-above // 12)), host["pitch"][i])
    return longplay.resolve_overlaps(np.concatenate([host, song]).astype(NOTE)), (at, at + length)


def edition(random: np.random.Generator, notes: Notes) -> Notes:
    """Copy a work in another key, at another tempo, with wrong notes."""
    copy = other_tempo(random, transposed(random, notes.copy()))
    wrong = random.random(len(copy)) < 0.02
    copy["pitch"][wrong] = np.clip(copy["pitch"][wrong].astype(int) + random.integers(1, 8, wrong.sum()), 0, 127)
    return longplay.resolve_overlaps(copy.astype(NOTE))


def joined(before: Notes, copy: Notes) -> Notes:
    """Join a copy to a minute of another work."""
    before["onset_ms"] -= before["onset_ms"].min()
    copy["onset_ms"] += JOINED_MS
    return longplay.resolve_overlaps(np.concatenate([before, copy]).astype(NOTE))


def index_with_copies(data: Path, copies: int) -> tuple[Index, Index]:
    """Return an index in which some works stand `copies` times, and one of these works alone."""
    random = np.random.default_rng(0)
    files = list(training_files([data]))[::SHARE_OF_SET]
    read = [(file, read_midi(file.data)) for file in files]
    long_enough = [
        (file, notes)
        for file, notes in read
        if len(notes) > 500 and 60_000 < notes["onset_ms"].max() < LONGEST_COPIED_MS
    ]
    copied = long_enough[:: max(1, len(long_enough) // COPIED_WORKS)][:COPIED_WORKS]
    others = [notes for _, notes in read if len(notes) > 500]
    for file, notes in copied:
        for number in range(1, copies):
            copy, mark = edition(random, notes), ""
            if random.random() < 0.5:
                copy, mark = joined(part(random, others), copy), JOINED
            seconds = (int((copy["onset_ms"] + copy["duration_ms"]).max()) + 1) / 1000
            data_of_copy = longplay.write_midi(copy, seconds)
            files.append(dataclasses.replace(file, name=f"{file.name}#{number}{mark}", data=data_of_copy))
    return build(files), build([file for file, _ in copied])


def build(files: Sequence[TrainingFile]) -> Index:
    return Index.build(files, calibration=1)


def is_found(line: Line, notes: Notes, planted: tuple[int, int], least_bits: float) -> bool:
    inside = ((notes["onset_ms"] >= planted[0]) & (notes["onset_ms"] < planted[1]))[line.own]
    return any(inside[found.begin : found.end].mean() >= 0.5 for found in line.quotes(least_bits))


def surname(composer: str) -> str:
    """Return the same key for the spellings of a composer: "Chopin, Fryderyk" and "Chopin"."""
    return re.split(r"[ ,_]", composer.strip().casefold())[0][:6]


def false_alarms(index: Index, hosts: dict[str, Notes], composers: dict[str, str], bits: tuple[float, float]) -> None:
    """Print the alarms on unchanged pieces by pairs of files, so that a reader can find the true ones."""
    hours = sum(int(notes["onset_ms"].max()) for notes in hosts.values()) / 3.6e6
    pairs: dict[tuple[str, str, str], list[float]] = {}
    for name, notes in hosts.items():
        line, tune = Line.of_notes(index, notes), Line.of_melody(index, notes)
        for kind, one, alarms in zip(("passages", "melodies"), (line, tune), quoted(line, tune, *bits), strict=True):
            for found in alarms:
                there = one.quotation(found, name).there
                if there.file.endswith(JOINED) and there.begin * 1000 < JOINED_MS:
                    continue  # a quotation of that other work
                source = there.file.partition("#")[0]  # of a copy, the work
                pairs.setdefault((kind, name, source), []).append(found.bits or 0)
    for kind, same in itertools.product(("passages", "melodies"), (True, False)):
        chosen = {
            pair: bits
            for pair, bits in pairs.items()
            if pair[0] == kind and same == (len({surname(composers[file]) for file in pair[1:]}) == 1)
        }
        count = sum(map(len, chosen.values()))
        title = f"{kind}, {'one composer' if same else 'different composers'}"
        print(f"{title}: {count} alarms in {hours:.2f} h, {count / hours:.2f} an hour, {len(chosen)} pairs of files")
        for (_, name, source), found_bits in sorted(chosen.items(), key=lambda item: -max(item[1])):
            print(f"  {len(found_bits):3} alarms, up to {max(found_bits):4.0f} bits: {name}  <-  {source}")


def part(random: np.random.Generator, pieces: Sequence[Notes]) -> Notes:
    """Draw a minute of one of the pieces."""
    host = pieces[int(random.integers(len(pieces)))]
    middle = host["onset_ms"][random.integers(len(host))]
    return np.array(host[(host["onset_ms"] >= middle - 30_000) & (host["onset_ms"] < middle + 30_000)])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--index", type=Path, help="index of the training set")
    which.add_argument("--copies", type=int, metavar="N", help="build an index with N copies of some works")
    parser.add_argument("--split", default="test")
    parser.add_argument("--quotes", type=int, default=1000, help="planted for each kind of change")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a quotation")
    parser.add_argument("--least-notes", type=int, default=40)
    parser.add_argument("--least-bits", type=float, default=70.0)
    parser.add_argument("--least-melody-bits", type=float, default=60.0)
    args = parser.parse_args(argv)

    with warnings.catch_warnings(action="ignore"):  # about damaged files
        if args.index:
            index = source = Index.open(args.index)
        else:
            index, source = index_with_copies(args.data, args.copies)
        read = {file.name: read_midi(file.data) for file in training_files([args.data], args.split)}
    hosts = {name: notes for name, notes in read.items() if len(notes) > 1}
    with (args.data / "manifest.csv").open(encoding="utf-8") as manifest:
        composers = {row["path"]: row["composer"] for row in csv.DictReader(manifest)}
    false_alarms(index, hosts, composers, (args.least_bits, args.least_melody_bits))

    pieces = [notes for notes in hosts.values() if notes["onset_ms"].max() > 2000 * args.seconds]
    for name, change in CHANGES.items():
        random = np.random.default_rng(0)  # the same passages in the same pieces for each change
        found, counts = 0, []
        for _ in range(args.quotes):
            quote = passage(random, source, args.seconds, args.least_notes)
            counts.append(len(quote))
            host = part(random, pieces)
            notes, planted = plant(random, host, longplay.resolve_overlaps(change(random, quote).astype(NOTE)))
            found += is_found(Line.of_notes(index, notes), notes, planted, args.least_bits)
        print_recall(name, found, counts)

    for least_notes in (24, 48):
        random = np.random.default_rng(0)
        found, counts = 0, []
        for _ in range(args.quotes):
            song = plain_melody(random, source, least_notes)
            counts.append(len(song))
            notes, planted = sing(random, part(random, pieces), song)
            found += is_found(Line.of_melody(index, notes), notes, planted, args.least_melody_bits)
        print_recall(f"melodies of {least_notes} to {2 * least_notes} notes", found, counts)


def print_recall(name: str, found: int, counts: Sequence[int]) -> None:
    print(f"{name:40} recall {found / len(counts):.3f}   (notes of a quotation: {np.median(counts):.0f})", flush=True)


if __name__ == "__main__":
    main()
