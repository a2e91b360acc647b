"""Compute the sections of an evaluation, as values for JSON."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import longplay
from longplay.form import CLIP_MS
from longplay.midi import Notes
from longplay.pictures.seed_key import SPANS, seed_key
from training import tables
from training.corpus import Corpus
from training.evaluation import drift, measures, musical, realness, seeds, sets, similarity
from training.evaluation.clips import FEWEST_NOTES, Music, clips, excerpt
from training.evaluation.endings import endings, random_cut
from training.evaluation.styles import agreement

RESPONSE_MS = 60_000
MUSICAL_MS = 150_000
BOTH = ("real", "made")
ENDING_SECONDS = (60, 75, 90, 105, 120)
LEARNED = 8  # real clips for training on a style, for each generated one

ASKED = ("from_nothing", "answers")

Pieces: TypeAlias = Sequence[Music]
Rounding: TypeAlias = Callable[[Notes], Notes]


class Report:
    """The sections by name, and the seconds that each took."""

    def __init__(self, **sections: Any) -> None:
        self.sections = sections
        self.seconds: dict[str, float] = {}

    def add(self, name: str, section: Callable[[], Any]) -> None:
        """Compute a section and its time."""
        start = time.monotonic()
        self.sections[name] = section()
        self.seconds[name] = round(time.monotonic() - start, 1)


@dataclass(frozen=True)
class Generation:
    """An engine, and the settings with which it generates."""

    engine: longplay.Engine
    settings: dict[str, Any]

    def answers(
        self, seeds: Sequence[sets.Seed], corpus: Corpus, seconds: float, *, folder: Path | None = None, **more: Any
    ) -> list[Music]:
        """Generate answers, as music of their seeds' works, and write them to `folder` if it is given."""
        made = []
        pieces = self.engine.generate_batch([seed.data for seed in seeds], seconds, **(self.settings | more))
        for seed, piece in zip(seeds, pieces, strict=True):
            if folder is not None:
                folder.mkdir(exist_ok=True)
                piece.save(folder / f"{seed.name}.mid")
            made.append(sets.music(piece.notes, corpus, seed.piece, round(1000 * piece.duration)))
        return made


def note_figures(real: Pieces, made: Pieces) -> dict[str, Any]:
    """Return distributions over all notes of the clips, with their overlap, and single numbers over the clips."""
    both = {"real": real, "made": made}
    parts = {
        which: {
            name: np.mean([measures.distributions(clip.notes)[name] for clip in clips], axis=0)
            for name in measures.EDGES
        }
        for which, clips in both.items()
    }
    spread = {
        name: {which: _quartiles([number(c.notes, c.length_ms / 1000) for c in clips]) for which, clips in both.items()}
        for name, number in measures.NUMBERS.items()
    }
    return {
        "distributions": {
            name: {
                "overlap": round(measures.overlap(parts["real"][name], parts["made"][name]), 4),
                "edges": [float(edge) if np.isfinite(edge) else None for edge in edges],
                **{which: parts[which][name].round(4).tolist() for which in both},
            }
            for name, edges in measures.EDGES.items()
        },
        "numbers": spread,
    }


def realness_figures(real: Pieces, made: Pieces, others: Pieces, rounded: Rounding) -> dict[str, Any]:
    """Run the real-or-generated test, and the tests that it is compared with.

    ``beyond_tables`` uses real clips that are rounded to the model's tables. ``tables_alone`` compares real clips with
    the same clips rounded: the effect of the tables, whatever the model. ``real_halves`` compares other real clips, by
    halves of their works, which should be indistinguishable.
    """
    coarse = realness.changed(real, rounded)
    return {
        **realness.distinguish(real, made),
        "beyond_tables": realness.distinguish(coarse, made),
        "tables_alone": realness.distinguish(real, coarse),
        "real_halves": realness.distinguish(*realness.halves(others)),
    }


def response_figures(seed_music: Pieces, real: Pieces, made: Pieces) -> dict[str, Any]:
    """Return the seed response of the answers' first and last minutes, and of the real continuations."""
    following = [
        (seed, Music(notes, RESPONSE_MS, piece.work, piece.source))
        for seed, piece in zip(seed_music, real, strict=True)
        if len(notes := excerpt(piece.notes, seed.length_ms, seed.length_ms + RESPONSE_MS)) >= FEWEST_NOTES
    ]
    return {
        "first_minute": seeds.response(seed_music, [_minute(piece, 0) for piece in made]),
        "last_minute": seeds.response(seed_music, [_minute(piece, piece.length_ms - RESPONSE_MS) for piece in made]),
        "real_continuation": seeds.response([seed for seed, _ in following], [music for _, music in following]),
    }


def musical_figures(seed_music: Pieces, real: Pieces, made: Pieces, rounded: Rounding) -> dict[str, Any]:
    """Return musical measures by source, of answers and of the real continuations, which are rounded to the tables.

    ``seed_key`` is the correlation of pitch classes with the own seed, and with the next seed, by the time since the
    seed (`longplay.pictures.seed_key`).
    """
    pairs = []
    for seed, piece, answer in zip(seed_music, real, made, strict=True):
        length = min(MUSICAL_MS, piece.length_ms - seed.length_ms, answer.length_ms)
        notes = [excerpt(rounded(piece.notes), seed.length_ms, seed.length_ms + length)]
        notes.append(excerpt(answer.notes, 0, length))
        if min(map(len, notes)) >= FEWEST_NOTES:
            pairs.append([Music(some, length, piece.work, piece.source) for some in notes])
    by_source = {
        source: {which: [pair[i] for pair in pairs if pair[0].source == source] for i, which in enumerate(BOTH)}
        for source in sorted({pair[0].source for pair in pairs})
    }
    every = {which: [pair[i] for pair in pairs] for i, which in enumerate(BOTH)}
    others = [*seed_music[1:], *seed_music[:1]]
    continued = [
        Music(
            excerpt(piece.notes, seed.length_ms, piece.length_ms),
            piece.length_ms - seed.length_ms,
            piece.work,
            piece.source,
        )
        for seed, piece in zip(seed_music, real, strict=True)
    ]

    def key(seeds: Pieces, answers: Pieces, span: tuple[int, int]) -> dict[str, Any]:
        both = zip(seeds, answers, strict=True)
        return musical.mean_and_error(
            [seed_key(seed.notes, answer.notes, answer.length_ms / 1000, span) for seed, answer in both]
        )

    return {
        "all": musical.musical_figures(every),
        "sources": {source: musical.musical_figures(both) for source, both in by_source.items()},
        "seed_key": {
            name: {
                "real": key(seed_music, continued, span),
                "made": key(seed_music, made, span),
                "made_other": key(others, made, span),
            }
            for name, span in SPANS.items()
        },
    }


def long_figures(real: Pieces, made: Pieces, random_seed: int) -> dict[str, Any]:
    """Return self-similarity, drift and faults of generated pieces and of all held-out pieces."""
    return {
        "self_similarity": {
            "real": similarity.similarity_by_lag(real),
            "made": similarity.similarity_by_lag(made),
        },
        "drift": drift.drift(made, real, np.random.default_rng(random_seed)),
        "faults": {"real": drift.faults(real), "made": drift.faults(made)},
    }


def ending_figures(
    corpus: Corpus,
    sources: Sequence[str],
    given: Sequence[sets.Seed],
    generation: Generation | None,
    count: int,
    random_seed: int,
) -> dict[str, Any]:
    """Return the endings of real pieces, of random cuts through them, and of generated pieces of 60 to 120 s."""
    random = np.random.default_rng(random_seed)
    whole = {source: [sets.real_piece(corpus, i) for i in corpus.by_source[source]] for source in sources}
    whole = {source: [piece for piece in pieces if piece.length_ms > CLIP_MS] for source, pieces in whole.items()}
    every = [piece for pieces in whole.values() for piece in pieces]
    report = {
        "real": endings(every),
        "cut": endings([random_cut(piece, random) for piece in every]),
        "real_by_source": {source: endings(pieces) for source, pieces in whole.items()},
    }
    if generation is not None:
        made: list[Music] = []
        for k, seconds in enumerate(ENDING_SECONDS):
            asked = [given[i % len(given)] for i in range(k, count, len(ENDING_SECONDS))]
            made += generation.answers(asked, corpus, seconds, recital=False)
        report["made"] = endings(made)
        report["made_by_source"] = {s: endings([piece for piece in made if piece.source == s]) for s in sources}
    return report


def style_figures(
    corpus: Corpus, train: Corpus, given: Sequence[sets.Seed], generation: Generation, count: int, random_seed: int
) -> dict[str, Any] | None:
    """Return the agreement with the requested style, without and with seeds; None if the model has no styles.

    Real clips are rounded to the model's tables. Otherwise the tables alone would distinguish generated clips from some
    of the styles.
    """
    random, rounded = np.random.default_rng(random_seed), sets.rounding(generation.engine.tokenizer)
    sources: dict[str, list[str]] = {}
    for source, style in tables.STYLE_OF_SOURCE.items():
        if style in generation.engine.styles and source in train.by_source and source in corpus.by_source:
            sources.setdefault(style, []).append(source)
    if len(sources) < 2:
        return None

    def clips_of(part: Corpus, number: int) -> dict[str, list[Music]]:
        real = {style: sets.real_clips(part, of, number, random) for style, of in sources.items()}
        return {style: realness.changed(clips, rounded) for style, clips in real.items()}

    def asked(seed_data: Sequence[bytes | None], style: str) -> list[Music]:
        settings = generation.settings | {"style": style}
        pieces = generation.engine.generate_batch(seed_data, CLIP_MS / 1000, **settings)
        return [clip for piece in pieces for clip in clips(Music(piece.notes, CLIP_MS, "", style), 1)]

    def made(seed_data: Sequence[bytes | None]) -> dict[str, list[Music]]:
        return {style: asked(seed_data, style) for style in sources}

    tried = {
        "from_nothing": made([None] * count),
        "answers": made([given[i % len(given)].data for i in range(count)]),
        "real": clips_of(corpus, 2 * count),
    }
    return agreement(clips_of(train, LEARNED * count), tried)


def _minute(piece: Music, start_ms: int) -> Music:
    start = max(0, start_ms)
    return Music(excerpt(piece.notes, start, start + RESPONSE_MS), RESPONSE_MS, piece.work, piece.source)


def _quartiles(values: Sequence[float]) -> dict[str, Any]:
    low, middle, high = np.nanpercentile(values, [25, 50, 75])
    return {
        "mean": round(float(np.nanmean(values)), 4),
        "quartiles": [round(float(v), 4) for v in (low, middle, high)],
    }
