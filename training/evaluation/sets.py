"""The pieces that an evaluation compares: seeds, the real pieces they open, and answers to them."""

import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import longplay
from longplay.midi import Notes
from training.corpus import Corpus, note_tokenizer
from training.evaluation.clips import CLIP_MS, FEWEST_NOTES, Music, excerpt

MANIFEST = "seeds.csv"


@dataclass(frozen=True)
class Seed:
    """The opening of a held-out piece.

    Attributes
    ----------
    name : str
        Of its file and of its answer's.
    data : bytes
        The MIDI file.
    piece : int
        Index of the piece in the corpus.
    """

    name: str
    data: bytes
    piece: int


def openings(corpus: Corpus, sources: Sequence[str], count: int, seconds: float, random_seed: int) -> list[Seed]:
    """Openings of `seconds` of up to `count` held-out pieces, as evenly from the sources as they have pieces."""
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
    """Seeds of a folder with a seeds.csv: columns ``seed``, a file, and ``from_path``, the piece it opens.

    Raises
    ------
    ValueError
        A seed opens no piece of the corpus' split.
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
    """Write what `read_seeds` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / f"{seed.name}.mid").write_bytes(seed.data)
    with (folder / MANIFEST).open("w", newline="", encoding="utf-8") as rows:
        writer = csv.writer(rows)
        writer.writerow(["seed", "from_path"])
        writer.writerows([f"{seed.name}.mid", corpus.pieces[seed.piece]["path"]] for seed in seeds)


def music(notes: Notes, corpus: Corpus, index: int, length_ms: int | None = None) -> Music:
    """Notes as music of a piece's work; the last release is the end, unless a length is given."""
    piece = corpus.pieces[index]
    if length_ms is None:
        length_ms = int((notes["onset_ms"] + notes["duration_ms"]).max(initial=0))
    return Music(notes, length_ms, piece["work"], piece["source"])


def real_piece(corpus: Corpus, index: int) -> Music:
    """A piece of the corpus."""
    return music(corpus.notes(index), corpus, index)


def seed_music(seed: Seed, corpus: Corpus) -> Music:
    """The seed itself."""
    return music(_read(seed.data), corpus, seed.piece)


def read_answers(folder: Path, seeds: Sequence[Seed], corpus: Corpus) -> list[Music]:
    """Answers made by whatever: the file of the same name answers a seed."""
    return [music(_read((folder / f"{seed.name}.mid").read_bytes()), corpus, seed.piece) for seed in seeds]


def real_clips(corpus: Corpus, sources: Sequence[str], count: int, random: np.random.Generator) -> list[Music]:
    """About `count` clips of 30 s of the sources, each from anywhere in a piece; pieces take turns."""
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


def rounded(notes: Notes) -> Notes:
    """Notes as the tables of the built-in models can say them."""
    tokenizer = note_tokenizer()
    return tokenizer.decode(tokenizer.encode(notes))


def _opening(notes: Notes, seconds: float) -> bytes:
    end = int(1000 * seconds) - 1  # a file is over after its last release
    inside = excerpt(notes, 0, end)
    inside["duration_ms"] = np.minimum(inside["duration_ms"], end - inside["onset_ms"])
    return longplay.write_midi(inside, seconds)


def _read(data: bytes) -> Notes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # oddities of old files; they are read all the same
        return longplay.read_midi(data)
