"""Collect the music that an evaluation compares: seeds, the real pieces they open, and their answers."""

import csv
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import longplay
from longplay.form import CLIP_MS
from longplay.midi import Notes
from training.corpus import Corpus
from training.evaluation.clips import FEWEST_NOTES, Music, excerpt

MANIFEST = "seeds.csv"


@dataclass(frozen=True)
class Seed:
    """The opening of a held-out piece.

    Attributes
    ----------
    name : str
        The name of its file and of its answer's file, without the suffix.
    data : bytes
        The MIDI file.
    piece : int
        Index of the piece in the corpus.
    """

    name: str
    data: bytes
    piece: int


def openings(corpus: Corpus, sources: Sequence[str], count: int, seconds: float, random_seed: int) -> list[Seed]:
    """Return openings of `seconds` of up to `count` held-out pieces, as evenly from the sources as possible."""
    shortest = int(1000 * seconds) + 2 * CLIP_MS
    random = np.random.default_rng(random_seed)
    queues = {
        source: [i for i in random.permutation(corpus.by_source[source]) if real_piece(corpus, i).length_ms >= shortest]
        for source in sources
    }
    chosen = [queue[k] for k in range(max(map(len, queues.values()))) for queue in queues.values() if k < len(queue)]
    return [
        Seed(f"{k:03d}_{Path(corpus.pieces[i]['path']).stem}", _opening(corpus.notes(i), seconds), int(i))
        for k, i in enumerate(chosen[:count])
    ]


def read_seeds(folder: Path, corpus: Corpus) -> list[Seed]:
    """Read the seeds of a folder, whose seeds.csv has the columns ``seed``, a file, and ``from_path``, its piece.

    Raises
    ------
    ValueError
        A seed is not the opening of a piece of the split.
    """
    pieces = {piece["path"]: index for index, piece in enumerate(corpus.pieces)}
    seeds = []
    with (folder / MANIFEST).open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["from_path"] not in pieces:
                raise ValueError(f"from_path of {row['seed']} must be a piece of the split, not {row['from_path']!r}")
            data = (folder / row["seed"]).read_bytes()
            seeds.append(Seed(Path(row["seed"]).stem, data, pieces[row["from_path"]]))
    return seeds


def write_seeds(seeds: Sequence[Seed], corpus: Corpus, folder: Path) -> None:
    """Write seeds and their seeds.csv, as `read_seeds` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / f"{seed.name}.mid").write_bytes(seed.data)
    with (folder / MANIFEST).open("w", newline="", encoding="utf-8") as rows:
        writer = csv.writer(rows)
        writer.writerow(["seed", "from_path"])
        writer.writerows([f"{seed.name}.mid", corpus.pieces[seed.piece]["path"]] for seed in seeds)


def music(notes: Notes, corpus: Corpus, index: int, length_ms: int | None = None) -> Music:
    """Return notes as music of a piece's work, which ends at the last release unless a length is given."""
    piece = corpus.pieces[index]
    if length_ms is None:
        length_ms = int((notes["onset_ms"] + notes["duration_ms"]).max(initial=0))
    return Music(notes, length_ms, piece["work"], piece["source"])


def real_piece(corpus: Corpus, index: int) -> Music:
    """Return a piece of the corpus as music."""
    return music(corpus.notes(index), corpus, index)


def seed_music(seed: Seed, corpus: Corpus) -> Music:
    """Return a seed as music."""
    return music(_read(seed.data), corpus, seed.piece)


def read_answers(folder: Path, seeds: Sequence[Seed], corpus: Corpus) -> list[Music]:
    """Read answers from files with the names of their seeds."""
    return [music(_read((folder / f"{seed.name}.mid").read_bytes()), corpus, seed.piece) for seed in seeds]


def real_clips(corpus: Corpus, sources: Sequence[str], count: int, random: np.random.Generator) -> list[Music]:
    """Return about `count` clips of 30 s of the sources, at random positions, in turn from each piece."""
    pieces = [i for source in sources for i in corpus.by_source.get(source, [])]
    found: list[Music] = []
    for _ in range(-(-count // max(1, len(pieces)))):
        for index in random.permutation(pieces):
            piece = real_piece(corpus, index)
            start = int(random.integers(0, max(1, piece.length_ms - CLIP_MS)))
            notes = excerpt(piece.notes, start, start + CLIP_MS)
            if len(notes) >= FEWEST_NOTES and piece.length_ms >= CLIP_MS and len(found) < count:
                found.append(Music(notes, CLIP_MS, piece.work, piece.source))
    return found


def rounding(tokenizer: longplay.Tokenizer) -> Callable[[Notes], Notes]:
    """Return a function that rounds notes to the tables of a model."""
    return lambda notes: tokenizer.decode(tokenizer.encode(notes))


def _opening(notes: Notes, seconds: float) -> bytes:
    end = int(1000 * seconds) - 1  # a file ends after its last release
    inside = excerpt(notes, 0, end)
    inside["duration_ms"] = np.minimum(inside["duration_ms"], end - inside["onset_ms"])
    return longplay.write_midi(inside, seconds)


def _read(data: bytes) -> Notes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # old files cause harmless warnings
        return longplay.read_midi(data)
