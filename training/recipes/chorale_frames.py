"""RNN-NADE and independent keys: the two models of frames of Boulanger-Lewandowski et al., on chorales.

A frame is the set of keys that sound in a quarter note: 88 bits. An RNN reads the frames so far. Its output sets the
biases of a model of the next frame: of a NADE, in which each key depends on the keys below it [1]_ [2]_, or of
independent keys. The recipe compares the log-likelihood of the held-out frames with a count in NumPy in float64.

The engine draws a frame as tokens, from the lowest key to the highest, and then one that ends the frame. The
probability of the next token is that of its key, and of no key in between: exactly that of the model. For NADE, the
graph keeps the hidden sum of the keys so far.

References
----------
.. [1] Boulanger-Lewandowski et al., "Modeling Temporal Dependencies in High-Dimensional Sequences", ICML 2012.
.. [2] Larochelle and Murray, "The Neural Autoregressive Distribution Estimator", AISTATS 2011.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from longplay.importing.writing import largest_difference
from training.options import parse_config
from training.recipes import chorale_frames_graph
from training.recipes.chorales import REST, STEPS, load_chorales
from training.recipes.language import play, write_folder, write_report

Kind: TypeAlias = Literal["nade", "independent"]
KEYS, LOWEST = 88, 21
END = KEYS
"""The token that ends a frame; it also stands before the first one."""
Frames = NDArray[np.float32]


@dataclass(frozen=True)
class FramesConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.chorales"})
    out: Path = field(metadata={"help": "folder to write"})
    kind: Kind = field(default="nade", metadata={"help": "model of a frame"})
    width: int = field(default=128, metadata={"help": "of the RNN"})
    hidden: int = field(default=64, metadata={"help": "hidden width of NADE"})
    steps: int = field(default=300, metadata={"help": "steps of training"})
    rows: int = field(default=16, metadata={"help": "windows of a step"})
    window: int = field(default=32, metadata={"help": "frames of a window"})
    seconds: float = field(default=60.0, metadata={"help": "length of the sample"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and sample"})


def load_frames(path: Path, split: str) -> list[Frames]:
    """Return the frames of each chorale of a split in C, (quarters, 88): the keys that sound when a quarter begins."""
    read = []
    for chorale in load_chorales(path, split):
        pitches = chorale.pitches[::STEPS]
        frames = np.zeros((len(pitches), KEYS), np.float32)
        rows, voices = np.nonzero(pitches != REST)
        frames[rows, pitches[rows, voices] + chorale.semitones - LOWEST] = 1
        read.append(frames)
    return read


class FrameModel(nn.Module):
    """An RNN over frames, and the biases that its output sets; shapes are (rows, frames, ...)."""

    def __init__(self, kind: Kind, width: int, hidden: int) -> None:
        super().__init__()
        self.kind, self.hidden = kind, hidden
        self.rnn = nn.LSTM(KEYS, width, batch_first=True)
        self.key_bias = nn.Linear(width, KEYS)
        if kind == "nade":
            self.hidden_bias = nn.Linear(width, hidden)
            self.encoder = nn.Parameter(torch.randn(KEYS, hidden) * 0.1)
            self.decoder = nn.Parameter(torch.randn(KEYS, hidden) * 0.1)

    def logits(self, frames: Tensor) -> Tensor:
        """Return the logit of each key of each frame, given the frames before it and the keys below it."""
        before = torch.cat([torch.zeros_like(frames[:, :1]), frames[:, :-1]], dim=1)
        context = self.rnn(before)[0]
        biases: Tensor = self.key_bias(context)
        if self.kind == "independent":
            return biases
        added = frames[..., None] * self.encoder  # (rows, frames, keys, hidden)
        sums = self.hidden_bias(context)[..., None, :] + added.cumsum(dim=-2) - added
        return biases + (torch.sigmoid(sums) * self.decoder).sum(dim=-1)

    def nats(self, frames: Tensor) -> Tensor:
        """Return the negative log-likelihood of each frame, (rows, frames)."""
        lost = nn.functional.binary_cross_entropy_with_logits(self.logits(frames), frames, reduction="none")
        return lost.sum(dim=-1)


def fit(model: FrameModel, pieces: Sequence[Frames], config: FramesConfig) -> None:
    """Train with Adam on windows, from a state of zeros, at a rate that falls along a cosine."""
    random = np.random.default_rng(config.random_seed)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    long = [piece for piece in pieces if len(piece) >= config.window]
    for _ in range(config.steps):
        chosen = [long[index] for index in random.integers(len(long), size=config.rows)]
        begins = [int(random.integers(len(piece) - config.window + 1)) for piece in chosen]
        parts = [piece[begin : begin + config.window] for piece, begin in zip(chosen, begins, strict=True)]
        loss = model.nats(torch.from_numpy(np.stack(parts))).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()


@torch.no_grad()
def nats_per_frame(model: FrameModel, pieces: Sequence[Frames]) -> float:
    """Return the mean negative log-likelihood of the frames of whole pieces."""
    total = sum(float(model.nats(torch.from_numpy(piece)[None]).sum()) for piece in pieces)
    return total / sum(len(piece) for piece in pieces)


def numbers(model: FrameModel) -> dict[str, NDArray[np.float64]]:
    """Return the weights in float64."""
    return {name: value.detach().double().numpy() for name, value in model.named_parameters()}


def count_logits(weights: dict[str, NDArray[np.float64]], before: NDArray[Any], keys: NDArray[Any]) -> Any:
    """Return the logits of the keys of one frame in NumPy, from the formulas of the papers.

    Parameters
    ----------
    weights : dict
        Of `numbers`.
    before : array, shape (frames, 88)
        All frames before it.
    keys : array, shape (88,)
        The keys of the frame; a logit depends on those below it.
    """
    units = weights["rnn.weight_hh_l0"].shape[1]
    h = c = np.zeros(units)
    for frame in np.concatenate([np.zeros((1, KEYS)), before]):
        gates = weights["rnn.weight_ih_l0"] @ frame + weights["rnn.bias_ih_l0"]
        i, f, g, o = np.split(gates + weights["rnn.weight_hh_l0"] @ h + weights["rnn.bias_hh_l0"], 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
    logits = weights["key_bias.weight"] @ h + weights["key_bias.bias"]
    if "encoder" not in weights:
        return logits
    hidden = weights["hidden_bias.weight"] @ h + weights["hidden_bias.bias"]
    for key in range(KEYS):
        logits[key] += weights["decoder"][key] @ (1 / (1 + np.exp(-hidden)))
        hidden = hidden + weights["encoder"][key] * keys[key]
    return logits


def count_nats(model: FrameModel, piece: Frames) -> float:
    """Return the negative log-likelihood of a piece, counted in NumPy in float64."""
    weights, total = numbers(model), 0.0
    for step, keys in enumerate(piece.astype(np.float64)):
        logits = count_logits(weights, piece[:step], keys)
        total += float(np.logaddexp(0, logits).sum() - keys @ logits)
    return total


def count_tokens(model: FrameModel, drawn: Sequence[int]) -> NDArray[np.float64]:
    """Return the log-probability of each token after some tokens, counted in NumPy in float64.

    A token that the frame forbids has `chorale_frames_graph.FORBIDDEN`.
    """
    frames, last = [np.zeros(KEYS)], -1
    for token in drawn:
        if token == END:
            frames.append(np.zeros(KEYS))
        else:
            frames[-1][token] = 1
        last = -1 if token == END else token
    logits = count_logits(numbers(model), np.array(frames[:-1]).reshape(-1, KEYS), frames[-1])
    is_off, is_on = -np.logaddexp(0, logits), -np.logaddexp(0, -logits)
    logs = np.full(KEYS + 1, chorale_frames_graph.FORBIDDEN)
    silent = 0.0
    for key in range(last + 1, KEYS):
        logs[key] = silent + is_on[key]
        silent += is_off[key]
    logs[END] = silent
    return logs


def meaning() -> dict[str, Any]:
    """Return what the tokens mean: keys sound for a quarter, and the end of a frame moves the time by one."""
    return {
        "unit": {"per_beat": 1, "bpm": 90},
        "start": {"velocity": 80},
        "types": [
            {"name": "Key", "do": [["pitch"], ["emit"]], "then": ["Key", "Frame"], "only": ["new"]},
            {"name": "Frame", "do": [["advance", 1]], "then": ["Key", "Frame"]},
        ],
        "first": ["Key"],
        "tokens": [*(["Key", LOWEST + key] for key in range(KEYS)), ["Frame"]],
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Train, score the held-out frames twice, check the graph, and let the engine play."""
    config = parse_config(FramesConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    train, test = (load_frames(config.data, split) for split in ("train", "test"))
    model = FrameModel(config.kind, config.width, config.hidden)
    fit(model, train, config)
    step, states = chorale_frames_graph.graph(model)
    folder = config.out / "model"
    write_folder(folder, step, states, KEYS + 1, meaning(), END)
    piece = play(
        folder, config.out / "sample.mid", seconds=config.seconds, random_seed=config.random_seed, two_hands=False
    )
    counted = count_nats(model, test[0]) / len(test[0])
    report = {
        "kind": config.kind,
        "nats_per_frame": round(nats_per_frame(model, test), 4),
        "first_piece": {"torch": round(nats_per_frame(model, test[:1]), 6), "numpy": round(counted, 6)},
        "difference": largest_difference(folder, lambda drawn: count_tokens(model, drawn)),
        "notes": len(piece.notes),
    }
    write_report(config.out, report)


if __name__ == "__main__":
    main()
