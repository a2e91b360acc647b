"""Two layers of LSTM over a window of 100 notes and chords: the network of many tutorials of Keras.

Each onset of a piece is a token: a note such as ``E4``, or a chord of pitch classes such as ``4.7.11`` [1]_. The
network reads the last 100 tokens anew for each token, and knows nothing of the time between onsets. The recipe trains
it, and then draws the same tokens twice: in the tutorial's loop, which calls the network once for each token, and in
the engine, where the window is a state (docs/importing.md).

References
----------
.. [1] Skúli, "How to Generate Music using a LSTM Neural Network in Keras", Towards Data Science, 2017.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import longplay
from longplay.importing.graph import step_graph, window_states
from longplay.importing.network import Dense, Lstm, Network
from longplay.importing.symbols import vocabulary_of
from training.corpus import Corpus
from training.options import parse_config
from training.recipes.language import Ids, play, write_folder, write_report
from training.recipes.random_numbers import draw, uniform

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True)
class TutorialConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "folder written by training.prepare"})
    out: Path = field(metadata={"help": "folder to write"})
    source: str = field(default="piano_midi_de", metadata={"help": "source of the pieces"})
    pieces: int = field(default=20, metadata={"help": "number of training pieces"})
    symbols: int = field(default=200, metadata={"help": "most frequent symbols, which are kept"})
    width: int = field(default=256, metadata={"help": "of both layers"})
    window: int = field(default=100, metadata={"help": "tokens that the network reads"})
    dropout: float = field(default=0.3, metadata={"help": "after each layer"})
    steps: int = field(default=150, metadata={"help": "steps of training"})
    rows: int = field(default=64, metadata={"help": "windows of a step"})
    drawn: int = field(default=200, metadata={"help": "tokens that the loop and the engine draw"})
    seconds: float = field(default=60.0, metadata={"help": "length of the sample"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and draws"})


class WindowedLstm(nn.Module):
    """The network: ids (rows, window) -> logits of the next token (rows, tokens); a token is a vector with one 1."""

    def __init__(self, tokens: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.tokens = tokens
        self.first = nn.LSTM(tokens, width, batch_first=True)
        self.second = nn.LSTM(width, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, tokens)

    def forward(self, ids: Tensor) -> Tensor:
        """Read windows from a state of zeros."""
        values = self.dropout(self.first(functional.one_hot(ids, self.tokens).float())[0])
        logits: Tensor = self.out(self.dropout(self.second(values)[0][:, -1]))
        return logits

    def numbers(self, window: int) -> Network:
        """Return the weights as float64 arrays."""
        layers = [_lstm(self.first, returns_all=True), _lstm(self.second, returns_all=False)]
        weight, bias = (part.detach().double().numpy() for part in (self.out.weight, self.out.bias))
        return Network((*layers, Dense(weight.T, bias, "linear")), self.tokens, window, "one-hot")


def _lstm(layer: nn.LSTM, *, returns_all: bool) -> Lstm:
    part = {name: value.detach().double().numpy() for name, value in layer.named_parameters()}
    bias = part["bias_ih_l0"] + part["bias_hh_l0"]
    return Lstm(part["weight_ih_l0"].T, part["weight_hh_l0"].T, bias, returns_all=returns_all)


def symbols_of(notes: NDArray[Any]) -> list[str]:
    """Return the symbol of each onset; notes that start at one millisecond are a chord."""
    onsets = np.flatnonzero(np.diff(notes["onset_ms"], prepend=-1))
    return [_symbol(group["pitch"].tolist()) for group in np.split(notes, onsets[1:])] if len(notes) else []


def _symbol(pitches: list[int]) -> str:
    if len(set(pitches)) == 1:
        return f"{_NAMES[pitches[0] % 12]}{pitches[0] // 12 - 1}"
    return ".".join(str(one) for one in sorted({pitch % 12 for pitch in pitches}))


def read_pieces(config: TutorialConfig, split: str) -> list[list[str]]:
    """Return the symbols of the first pieces of a split."""
    corpus = Corpus(config.data, split)
    return [symbols_of(corpus.notes(index)) for index in corpus.by_source[config.source][: config.pieces]]


def examples(pieces: Sequence[Ids], window: int) -> tuple[Tensor, Tensor]:
    """Return all windows of pieces (windows, window), and the token after each one."""
    long = [piece for piece in pieces if len(piece) > window]
    if not long:
        raise ValueError(f"a piece must have more than {window} tokens, the length of a window")
    cut = np.concatenate([np.lib.stride_tricks.sliding_window_view(piece, window + 1) for piece in long])
    return torch.from_numpy(cut[:, :-1].copy()), torch.from_numpy(cut[:, -1].copy())


def fit(model: WindowedLstm, given: Tensor, wanted: Tensor, config: TutorialConfig) -> None:
    """Train with RMSprop, as the tutorial does."""
    random = np.random.default_rng(config.random_seed)
    optimizer = torch.optim.RMSprop(model.parameters(), 1e-3)
    model.train()
    for _ in range(config.steps):
        chosen = torch.from_numpy(random.integers(len(given), size=config.rows))
        loss = functional.cross_entropy(model(given[chosen]), wanted[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()


@torch.no_grad()
def tutorial_loop(model: WindowedLstm, prompt: Ids, count: int, random_seed: int | None) -> list[int]:
    """Draw tokens as the tutorial does: read the whole window for each; without a random seed, take the likeliest."""
    tokens: list[int] = prompt.tolist()
    for step in range(count):
        window = torch.tensor([tokens[-len(prompt) :]])
        logits = model(window)[0].numpy()
        tokens.append(int(logits.argmax()) if random_seed is None else draw(logits, uniform(random_seed, step)))
    return tokens[len(prompt) :]


def compare(model: WindowedLstm, folder: Path, prompt: Ids, config: TutorialConfig) -> dict[str, Any]:
    """Draw in the tutorial's loop and in the engine, greedily and by chance: equal tokens, and tokens a second.

    The engine reads the prompt token by token, so its rate counts the prompt too.
    """
    engine = longplay.Model(folder)
    given = prompt[:, None].astype(np.int32)
    report: dict[str, Any] = {}
    for name, seed in (("likeliest", None), ("drawn", config.random_seed)):
        start = time.perf_counter()
        loop = tutorial_loop(model, prompt, config.drawn, seed)
        middle = time.perf_counter()
        temperature = 0.0 if seed is None else 1.0
        drawn = engine.generate_events(config.drawn, given, random_seed=config.random_seed, temperature=temperature)
        end = time.perf_counter()
        report[name] = {
            "equal_tokens": int((drawn[:, 0] == np.array(loop)).sum()),
            "of": config.drawn,
            "different_tokens": len(set(loop)),
            "loop_tokens_per_second": round(config.drawn / (middle - start), 1),
            "engine_tokens_per_second": round((config.drawn + len(prompt)) / (end - middle), 1),
        }
    return report


def main(argv: Sequence[str] | None = None) -> None:
    """Train, compare the two loops, and let the engine play."""
    config = parse_config(TutorialConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    pieces = {split: read_pieces(config, split) for split in ("train", "val")}
    counts = Counter(symbol for piece in pieces["train"] for symbol in piece)
    symbols = sorted(symbol for symbol, _ in counts.most_common(config.symbols))
    ids = {symbol: number for number, symbol in enumerate(symbols)}
    kept = {
        split: [np.array([ids[one] for one in piece if one in ids], np.int64) for piece in of]
        for split, of in pieces.items()
    }
    model = WindowedLstm(len(symbols), config.width, config.dropout)
    fit(model, *examples(kept["train"], config.window), config)
    network = model.numbers(config.window)
    folder = config.out / "model"
    states = window_states(network, None)
    write_folder(folder, step_graph(network, None), states, len(symbols), vocabulary_of(symbols), len(symbols))
    given, wanted = examples(kept["val"], config.window)
    prompt = given[0].numpy()
    with torch.no_grad():
        nats = functional.cross_entropy(model(given[:512]), wanted[:512]).item()
    report = {"symbols": len(symbols), "nats_per_token": round(nats, 4), **compare(model, folder, prompt, config)}
    piece = play(folder, config.out / "sample.mid", seconds=config.seconds, random_seed=config.random_seed)
    write_report(config.out, {**report, "notes": len(piece.notes)})


if __name__ == "__main__":
    main()
