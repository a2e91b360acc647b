"""Rivals that read, write and tokenize MIDI files."""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.peers.rival import Rival, Work, compare
from longplay import read_midi, write_midi
from longplay.bench.figure import Figure
from longplay.bench.files import a_file
from longplay.bench.options import Options


def midi(options: Options) -> Iterator[Figure]:
    """Compare reading and writing of one file.

    symusic and mido keep ticks. Only longplay and pretty_midi give seconds, and only longplay resolves the pedal and
    overlaps. So the rivals do less.
    """
    notes, seconds, data = a_file(options.notes)
    count = len(notes)
    packages = {"symusic": _symusic, "mido": _mido, "pretty_midi": _pretty_midi}

    def rivals(index: int) -> list[Rival]:
        def opening(make: Callable[[bytes, int], tuple[Work, Work]]) -> Callable[[], Work]:
            return lambda: make(data, count)[index]

        return [Rival(name, name, opening(make)) for name, make in packages.items()]

    yield from compare("reading MIDI", "ns", Work(lambda: read_midi(data), count), rivals(0), options.repeats)
    own = Work(lambda: write_midi(notes, seconds), count)
    yield from compare("writing MIDI", "ns", own, rivals(1), options.repeats)


def tokens(options: Options) -> Iterator[Figure]:
    """Compare tokenizing of notes that were read already."""
    notes, _, data = a_file(options.notes)
    tokenizer = options.tokenizer
    own = Work(lambda: tokenizer.encode(notes), len(notes))
    rivals = [Rival("miditok, REMI", "miditok", lambda: _miditok(data, len(notes)))]
    yield from compare("tokenizing", "ns", own, rivals, options.repeats)


def _symusic(data: bytes, count: int) -> tuple[Work, Work]:
    import symusic

    score: Any = symusic.Score.from_midi(data)
    _expect(score.note_num(), count)
    return Work(lambda: symusic.Score.from_midi(data), count), Work(score.dumps_midi, count)


def _mido(data: bytes, count: int) -> tuple[Work, Work]:
    import mido

    parsed = mido.MidiFile(file=io.BytesIO(data))
    _expect(sum(message.type == "note_on" and message.velocity > 0 for message in parsed.tracks[0]), count)
    read = Work(lambda: mido.MidiFile(file=io.BytesIO(data)), count)
    return read, Work(lambda: parsed.save(file=io.BytesIO()), count)


def _pretty_midi(data: bytes, count: int) -> tuple[Work, Work]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports a deprecated module of setuptools
        import pretty_midi

    pretty_midi.pretty_midi.MAX_TICK = 1e10  # it refuses longer files as damaged
    parsed = pretty_midi.PrettyMIDI(io.BytesIO(data))
    _expect(sum(len(instrument.notes) for instrument in parsed.instruments), count)
    read = Work(lambda: pretty_midi.PrettyMIDI(io.BytesIO(data)), count)
    return read, Work(lambda: parsed.write(io.BytesIO()), count)


def _miditok(data: bytes, count: int) -> Work:
    with contextlib.redirect_stderr(io.StringIO()):
        import miditok
    import symusic

    tokenizer = miditok.REMI()
    score: Any = symusic.Score.from_midi(data)
    made = tokenizer(score)[0].tokens
    _expect(sum(token.startswith("Pitch_") for token in made), count)
    return Work(lambda: tokenizer(score), count, f"{len(made) / count:.1f} tokens a note")


def _expect(found: int, count: int) -> None:
    if found != count:
        raise AssertionError(f"{found} notes were found instead of {count}")
