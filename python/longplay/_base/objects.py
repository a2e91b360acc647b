"""Objects of other libraries, none of which is imported before it is used."""

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any

from longplay._base.require import refuse_type


def midi_of(source: object, name: str) -> bytes | None:
    """Return the MIDI file that an object holds or reads; None for an object of an unknown kind.

    `name` is that of the argument in refusals. Known are open files, `longplay.Piece`, ``mido.MidiFile``,
    ``symusic.Score``, ``pretty_midi.PrettyMIDI`` and streams of music21.

    Raises
    ------
    TypeError
        An open file gives text.
    """
    for kind in type(source).__mro__:
        if write := _WRITERS.get((kind.__module__.partition(".")[0], kind.__name__)):
            return write(source)
    if not callable(read := getattr(source, "read", None)):
        return None
    data = read()
    return data if isinstance(data, bytes) else refuse_type(name, "open in binary mode", source)


def _written_by(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def _of_music21(source: Any) -> bytes:
    file = import_module("music21.midi.translate").streamToMidiFile(source)
    return bytes(file.writestr())


_WRITERS: dict[tuple[str, str], Callable[[Any], bytes]] = {
    ("longplay", "Piece"): lambda piece: piece.to_bytes(),
    ("mido", "MidiFile"): lambda file: _written_by(lambda buffer: file.save(file=buffer)),
    ("pretty_midi", "PrettyMIDI"): lambda midi: _written_by(midi.write),
    ("music21", "Stream"): _of_music21,
    **{("symusic", f"Score{unit}"): lambda score: bytes(score.dumps_midi()) for unit in ("Tick", "Quarter", "Second")},
}
"""How the objects of a library's class become a MIDI file."""
