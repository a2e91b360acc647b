"""Measure how fast tokens become notes, compared with MidiTok: `python -m benchmarks.decoding [--repeats 20]`.

The script encodes a file with tokenizers of MidiTok, and repeats its tokens. Both programs decode them, on one thread.
Their notes must be equal before they are timed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import miditok
import numpy as np
import symusic

import longplay
from longplay.importing.miditok import vocabulary_of_miditok

FILE = Path("examples/traumerei.mid")
COLUMNS = ("tokenizer", "notes", "MidiTok, ns a note", "longplay, ns a note", "times as fast")
KINDS = {"REMI": miditok.REMI, "TSD": miditok.TSD, "MIDILike": miditok.MIDILike, "Structured": miditok.Structured}
LEARNED = 200
RUNS = 5


def made(kind: str, model: str | None, folder: Path) -> tuple[Any, longplay.Tokenizer]:
    """Return a tokenizer of MidiTok and ours of the same tokens."""
    tokenizer = KINDS[kind](miditok.TokenizerConfig())
    if model:
        tokenizer.train(vocab_size=len(tokenizer.vocab) + LEARNED, model=model, files_paths=[FILE])
    path = folder / f"{kind}-{model}.json"
    tokenizer.save(path)
    vocabulary = vocabulary_of_miditok(path)
    size = len(vocabulary["pieces"]["tokens"] if model else vocabulary["tokens"])
    keys = {"format": 2, "name": kind, "controls": [], "states": [], "states_in_place": False}
    fields = [{"name": "token", "size": size}]
    ours = longplay.Tokenizer({**keys, "fields": fields, "start_event": [size], "vocabulary": vocabulary})
    return KINDS[kind](params=path), ours


def onsets_of(score: Any) -> set[tuple[int, int]]:
    """Return the onset in ms and the pitch of each note, at 120 beats a minute."""
    beat = score.ticks_per_quarter
    return {
        ((note.time * 500 + beat // 2) // beat, note.pitch)
        for track in score.tracks
        for note in track.notes
        if note.duration
    }


def seconds(decode: Callable[[], Any]) -> float:
    """Return the median time of a call."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        decode()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=20, help="how often the tokens of the file are repeated")
    args = parser.parse_args(argv)
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---:|" * (len(COLUMNS) - 1))
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for model in (None, "BPE", "Unigram"):
                theirs, ours = made(kind, model, Path(folder))
                encoded = theirs.encode(symusic.Score(FILE))
                ids = (encoded if theirs.one_token_stream else encoded[0]).ids * args.repeats
                array = np.array(ids, np.int32)[:, None]

                def decode_theirs(theirs: Any = theirs, ids: list[int] = ids, learned: bool = bool(model)) -> Any:
                    stream = miditok.TokSequence(ids=list(ids), are_ids_encoded=learned)
                    return theirs.decode(stream if theirs.one_token_stream else [stream])

                notes = ours.decode(array)
                found = set(zip(notes["onset_ms"].tolist(), notes["pitch"].tolist(), strict=True))
                if found != onsets_of(decode_theirs()):
                    raise SystemExit(f"{kind} {model}: the notes differ, so their times mean nothing")
                slow = seconds(decode_theirs) / len(notes) * 1e9
                fast = seconds(lambda ours=ours, array=array: ours.decode(array)) / len(notes) * 1e9  # type: ignore[misc]
                name = kind if model is None else f"{kind}, {model}"
                print(f"| {name} | {len(notes)} | {slow:.0f} | {fast:.0f} | {slow / fast:.0f} |", flush=True)


if __name__ == "__main__":
    main()
