"""Every promise of docs/pieces.md, on random pieces by models with random weights and by the built-in ones.

`LONGPLAY_EXAMPLES=3000` tries as many pieces.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import promises
import pytest
import random_model
import tiny_model
from cadence_oracle import PlayedNote
from hypothesis import given, settings
from hypothesis import strategies as st

import longplay
from longplay.midi import NOTE
from longplay.originality import Index, TrainingFile

RANDOM = 17  # models
BUILT_IN = [Path(longplay.__file__).with_name("models") / name for name in ("piano-lstm", "piano-small", "piano")]
MODELS = RANDOM + 1 + len(BUILT_IN)
EXAMPLES = int(os.environ.get("LONGPLAY_EXAMPLES", "60"))

LENGTHS = st.one_of(
    st.integers(1000, 130_000),
    st.builds(lambda clip, more: 30_000 * clip + more, st.integers(1, 5), st.integers(-1000, 14_000)),
    st.integers(360_000, 700_000),
)
SETTINGS = st.fixed_dictionaries(
    {"random_seed": st.integers(0, 2**64 - 1)},
    optional={
        "temperature": st.sampled_from([0.3, 0.7, 1.0, 3.0]),
        "top_k": st.integers(0, 5),
        "top_p": st.floats(0.1, 1),
        "min_p": st.floats(0, 0.5),
        "style": st.integers(0, 1),  # of those of the model
        "guidance_scale": st.floats(1, 5),
        "max_velocity": st.integers(40, 127),
        "recital": st.booleans(),
        "steady": st.booleans(),
        "two_hands": st.booleans(),
        "playable": st.booleans(),
        "key": st.sampled_from(["seed", "free", "D minor"]),
    },
)
SEED_NOTE = st.tuples(
    st.sampled_from([0, 0, 10, 400, 2500]),
    st.sampled_from([50, 400, 4000, 20_000]),
    st.integers(48, 72),
    st.integers(1, 127),
)
SEEDS = st.none() | st.lists(SEED_NOTE, min_size=1, max_size=40)


@dataclass(frozen=True)
class Player:
    """A random model, and a piece that others must not quote."""

    engine: longplay.Engine
    fields: list[dict[str, Any]]
    styles: list[str]
    index: Index
    runs: set[tuple[int, ...]]

    @classmethod
    def of(cls, folder):
        engine = longplay.Engine(folder, "cpu", 1)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        styles = next(control["names"] for control in config["controls"] if control["name"] == "style")[1:]
        work = engine.generate(None, 60, random_seed=1)
        index = Index.build([TrainingFile("work.mid", "work", work.to_bytes())], calibration=1, num_threads=1)
        return cls(engine, config["fields"], styles, index, set(promises.runs(work.notes["pitch"].tolist())))


@pytest.fixture(scope="module")
def players(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    random = [random_model.build(folder / str(number), number) for number in range(RANDOM)]
    return [Player.of(model) for model in [*random, tiny_model.build(folder / "tiny", soft=True), *BUILT_IN]]


def notes_of(played):
    """Return the notes of a seed: (time since the note before, duration, pitch, velocity)."""
    notes = np.array([(0, *rest) for _, *rest in played or []], NOTE)
    notes["onset_ms"] = np.cumsum([0, *(shift for shift, *_ in (played or [])[1:])])[: len(notes)]
    return longplay.resolve_overlaps(notes)


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_every_piece_keeps_every_promise(players, data):
    player, length = players[data.draw(st.integers(0, MODELS - 1), "model")], data.draw(LENGTHS, "length")
    own, played = data.draw(SETTINGS, "settings"), data.draw(SEEDS, "seed")
    if "style" in own:
        own["style"] = player.styles[own["style"]]
    notes = notes_of(played)
    seed = None if played is None else longplay.write_midi(notes, 300)
    before = []
    if played is not None and data.draw(st.booleans(), "include_seed"):
        own |= {"include_seed": True}
        before = [PlayedNote(*note) for note in notes.tolist()]
        length = max(length, before[-1].onset + data.draw(st.sampled_from([500, 600, 8000]), "least left"))
    many_pitches = len(player.fields[1]["values"]) >= promises.KEYBOARD
    avoids = many_pitches and data.draw(st.booleans(), "avoid")
    changes = data.draw(st.sampled_from([None, "batch", "extend"]), "how")
    common = {"avoid": player.index if avoids else None}

    piece = player.engine.generate(seed, length / 1000, extendable=changes == "extend", **common, **own)
    if changes == "batch":
        assert next(player.engine.generate_batch([seed, None], length / 1000, **common, **own)) == piece
    if changes == "extend":
        more, branch = data.draw(st.integers(0, 60_000), "more"), data.draw(st.integers(0, 2), "branch")
        piece = player.engine.extend(piece.snapshot(), (length + more) / 1000, branch=branch, **common)
    case = promises.Case(piece, player.fields, before, player.runs if avoids else set(), changes == "extend")
    for promise in promises.PROMISES:
        promise(case)
