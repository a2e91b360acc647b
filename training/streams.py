"""Stream windows of music without end, for truncated back-propagation through time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.corpus import IGNORED, Augmentation, Corpus, Reading

# Shares of all windows, by source. The first mix uses all sources; the second prefers expressive playing.
MIXES = {
    "all": {
        "stanford_rolls": 0.36,
        "piano_midi_de": 0.19,
        "giantmidi_sample": 0.06,
        "polish_scores": 0.12,
        "chopin_first_editions": 0.07,
        "openscore_lieder": 0.09,
        "mutopia": 0.07,
        "openscore_quartets": 0.04,
    },
    "expressive": {
        "stanford_rolls": 0.50,
        "piano_midi_de": 0.28,
        "giantmidi_sample": 0.09,
        "polish_scores": 0.04,
        "chopin_first_editions": 0.04,
        "openscore_lieder": 0.02,
        "mutopia": 0.03,
    },
}
DROPPED = {"remaining": 0.2, "style": 0.3}  # shares of the windows in which a control is unknown


@dataclass(frozen=True)
class Window:
    """The next steps of every row.

    Attributes
    ----------
    events, targets : int64 array, shape (steps, rows, fields)
    controls : int64 array, shape (steps, rows, controls)
    begins : bool array, shape (rows,)
        The rows in which a piece begins, whose state is zero.
    """

    events: NDArray[np.int64]
    targets: NDArray[np.int64]
    controls: NDArray[np.int64]
    begins: NDArray[np.bool_]


class Stream:
    """Rows that each read one piece after the other, a window at a time.

    A piece begins at the start of a window, so the rest of its last window is `IGNORED`. Every draw is a function of
    `random_seed` and a counter, and `state` holds the counters. A stream that loads the state of another continues
    exactly as the other would.

    Parameters
    ----------
    mix : mapping
        The share of the windows for each source. Sources that the corpus lacks are left out. If the corpus has none of
        them, all its sources get equal shares.
    """

    def __init__(self, corpus: Corpus, mix: dict[str, float], rows: int, steps: int, *, random_seed: int) -> None:
        self._corpus = corpus
        self._shape = (steps, rows)
        self._random_seed = random_seed
        # A long piece gives many windows, so its source is chosen less often.
        parts = {s: part for s, part in mix.items() if s in corpus.by_source} or dict.fromkeys(corpus.by_source, 1.0)
        weights = {s: part / corpus.mean_notes(s) for s, part in parts.items()}
        self._sources = list(weights)
        self._chances = np.array(list(weights.values())) / sum(weights.values())
        self._windows = 0
        self._picks = 0
        self._cursors = dict.fromkeys(self._sources, 0)
        self._rows: list[dict[str, int]] = [{"pick": -1, "piece": -1, "position": 0} for _ in range(rows)]
        self._readings: list[Reading | None] = [None] * rows

    def state(self) -> dict[str, Any]:
        """Return the position in the stream, as plain values."""
        rows = [dict(row) for row in self._rows]
        return {"windows": self._windows, "picks": self._picks, "cursors": dict(self._cursors), "rows": rows}

    def load_state(self, state: dict[str, Any]) -> None:
        """Resume at the position of another stream of the same corpus, shape and random seed."""
        if len(state["rows"]) != self._shape[1]:
            raise ValueError(f"rows must be {len(state['rows'])}, as in the state, not {self._shape[1]}")
        self._windows = state["windows"]
        self._picks = state["picks"]
        self._cursors.update(state["cursors"])
        self._rows = [dict(row) for row in state["rows"]]
        self._readings = [self._read(row) for row in self._rows]

    def next(self) -> Window:
        """Return the next window of every row."""
        steps, rows = self._shape
        vocabulary = self._corpus.vocabulary
        fields, unknown = len(vocabulary.fields), np.array(vocabulary.unknown, np.int64)
        events = np.zeros((steps, rows, fields), np.int64)
        targets = np.full((steps, rows, fields), IGNORED, np.int64)
        controls = np.tile(unknown, (steps, rows, 1))
        begins = np.zeros(rows, np.bool_)
        chances = [DROPPED[name] for name in vocabulary.controls]
        dropped = self._draw(2, self._windows).random((rows, len(unknown))) < chances
        for r, row in enumerate(self._rows):
            reading = self._readings[r]
            if reading is None or row["position"] >= len(reading.events):
                reading = self._begin_piece(r)
            begins[r] = row["position"] == 0
            part = slice(row["position"], row["position"] + steps)
            count = len(reading.events[part])
            events[:count, r] = reading.events[part]
            targets[:count, r] = reading.targets[part]
            controls[:count, r] = np.where(dropped[r], unknown, reading.controls[part])
            row["position"] += steps
        self._windows += 1
        return Window(events, targets, controls, begins)

    def _begin_piece(self, r: int) -> Reading:
        source = self._sources[self._draw(0, self._picks).choice(len(self._sources), p=self._chances)]
        pieces = self._corpus.by_source[source]
        cycle, index = divmod(self._cursors[source], len(pieces))  # each piece once a cycle
        order = self._draw(3, self._sources.index(source), cycle).permutation(len(pieces))
        self._cursors[source] += 1
        row = self._rows[r]
        row.update(pick=self._picks, piece=pieces[order[index]], position=0)
        self._picks += 1
        reading = self._read(row)
        assert reading is not None
        self._readings[r] = reading
        return reading

    def _read(self, row: dict[str, int]) -> Reading | None:
        if row["pick"] < 0:
            return None
        change = Augmentation.draw(self._draw(1, row["pick"]), self._corpus.vocabulary.spread)
        return self._corpus.read(row["piece"], change)

    def _draw(self, *counters: int) -> np.random.Generator:
        return np.random.default_rng([self._random_seed, *counters])


class Prefetched:
    """A stream that reads its next window in another thread, during the training step on the current one."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._thread = ThreadPoolExecutor(1)
        self._state = stream.state()
        self._ahead = self._thread.submit(self._read)

    def next(self) -> Window:
        """Return the next window of every row."""
        window, self._state = self._ahead.result()
        self._ahead = self._thread.submit(self._read)
        return window

    def state(self) -> dict[str, Any]:
        """Return the position after the last window that `next` returned."""
        return self._state

    def load_state(self, state: dict[str, Any]) -> None:
        """Resume at the position of another stream; see `Stream.load_state`."""
        self._ahead.result()
        self._stream.load_state(state)
        self._state = state
        self._ahead = self._thread.submit(self._read)

    def _read(self) -> tuple[Window, dict[str, Any]]:
        return self._stream.next(), self._stream.state()
