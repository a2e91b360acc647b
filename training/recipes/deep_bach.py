"""DeepBach and maximum-entropy statistics of chords: chorales by resampling one voice at a time.

A model gives the probability of each note, given its neighbours in time and the other voices. Gibbs sampling draws one
note after the other anew, many times, so that any note may be given: here the soprano of a real chorale.

``network`` conditions a hidden layer on the neighbours, in the manner of DeepBach [1]_. ``pairs`` adds a weight for
each pair of neighbouring notes. Trained on the same conditional probabilities, this is the pseudo-likelihood of a
maximum-entropy model of pairs [2]_. Of the chords that a model invents, some were in the training music (cited), some
only in held-out music (rediscovered), and the others in neither (invented), as that paper counts them.

The grid is that of quarter notes. The music is not drawn from left to right, so there is no model folder: the recipe
writes its notes with the engine's MIDI writer.

References
----------
.. [1] Hadjeres et al., "DeepBach: a Steerable Model for Bach Chorales Generation", ICML 2017.
.. [2] Hadjeres, Sakellariou and Pachet, "Style Imitation and Chord Invention in Polyphonic Music with Exponential
   Families", arXiv:1609.05152, 2016.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import longplay
from longplay.files import write_whole
from longplay.midi import NOTE
from training.evaluation.chords import chord_shares
from training.options import parse_config
from training.recipes.chorales import REST, STEPS, VOICES, load_chorales
from training.recipes.language import Ids, write_report

Kind: TypeAlias = Literal["network", "pairs"]
LOWEST, PITCHES = 31, 55
SILENT = 0
"""The id of a rest; id 1 is the pitch `LOWEST`."""
IDS = PITCHES + 1
REACH = 4
"""Quarters before and after a note that its model reads."""
QUARTER_MS = 500
ALTO = 1


@dataclass(frozen=True)
class BachConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.chorales"})
    out: Path = field(metadata={"help": "folder to write"})
    kind: Kind = field(default="network", metadata={"help": "model of a note, given its neighbours"})
    hidden: int = field(default=128, metadata={"help": "width of the hidden layer of the network"})
    steps: int = field(default=400, metadata={"help": "steps of training"})
    rows: int = field(default=128, metadata={"help": "notes of each voice in a step"})
    sweeps: int = field(default=20, metadata={"help": "times that each note is drawn anew"})
    pieces: int = field(default=8, metadata={"help": "held-out chorales whose soprano is kept"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and draws"})


def load_voices(path: Path, split: str) -> list[Ids]:
    """Return the ids of each chorale of a split in C major or A minor, (quarters, 4)."""
    read = []
    for chorale in load_chorales(path, split):
        pitches = chorale.pitches[::STEPS]
        ids = (pitches + chorale.semitones - LOWEST + 1).clip(1, PITCHES)
        read.append(np.where(pitches == REST, SILENT, ids))
    return read


class VoiceModel(nn.Module):
    """A model of the notes of one voice: the ids around them (rows, 2 * REACH + 1, 4) -> logits (rows, IDS).

    The note itself is hidden from it.
    """

    begins: Tensor

    def __init__(self, kind: Kind, voice: int, hidden: int) -> None:
        super().__init__()
        self.voice = voice
        places = (2 * REACH + 1) * len(VOICES)
        width = hidden if kind == "network" else IDS
        self.table = nn.Embedding(places * (IDS + 1), width)  # a row for each id at each place; the last id is hidden
        nn.init.normal_(self.table.weight, std=0.05)
        self.register_buffer("begins", torch.arange(places) * (IDS + 1))
        self.out = nn.Linear(hidden, IDS) if kind == "network" else nn.Identity()
        self.activation = nn.ReLU() if kind == "network" else nn.Identity()

    def forward(self, around: Tensor) -> Tensor:
        """Return the logits of the notes in the middle."""
        hidden = around.clone()
        hidden[:, REACH, self.voice] = IDS
        total = self.table(hidden.flatten(1) + self.begins).sum(dim=1)
        logits: Tensor = self.out(self.activation(total))
        return logits


def padded(piece: Ids) -> Ids:
    """Return a piece with rests before and after it, as far as a model reads."""
    return np.pad(piece, ((REACH, REACH), (0, 0)), constant_values=SILENT)


def around(piece: Ids) -> Ids:
    """Return the neighbourhood of each quarter, (quarters, 2 * REACH + 1, 4)."""
    windows = np.lib.stride_tricks.sliding_window_view(padded(piece), 2 * REACH + 1, axis=0)
    return windows.transpose(0, 2, 1)


def fit(models: Sequence[VoiceModel], pieces: Sequence[Ids], config: BachConfig) -> None:
    """Train the models of all voices with Adam on random notes."""
    random = np.random.default_rng(config.random_seed)
    places = np.concatenate([around(piece) for piece in pieces])
    weights = [weight for model in models for weight in model.parameters()]
    optimizer = torch.optim.Adam(weights, 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    for _ in range(config.steps):
        chosen = torch.from_numpy(places[random.integers(len(places), size=config.rows)].copy())
        lost = [nn.functional.cross_entropy(model(chosen), chosen[:, REACH, model.voice]) for model in models]
        optimizer.zero_grad()
        torch.stack(lost).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


@torch.no_grad()
def nats(models: Sequence[VoiceModel], pieces: Sequence[Ids]) -> float:
    """Return the mean nats per note, given all other notes: the negative log-pseudo-likelihood."""
    places = torch.from_numpy(np.concatenate([around(piece) for piece in pieces]))
    lost = [nn.functional.cross_entropy(model(places), places[:, REACH, model.voice]) for model in models]
    return float(torch.stack(lost).mean())


@torch.no_grad()
def resample(
    models: Sequence[VoiceModel], piece: Ids, sweeps: int, random: np.random.Generator, allowed: NDArray[np.bool_]
) -> Ids:
    """Draw the lower voices anew, under the soprano as it is.

    Parameters
    ----------
    models : sequence of VoiceModel
        One for each voice.
    piece : array, shape (quarters, 4)
    sweeps : int
        Times that each note is drawn.
    random : numpy.random.Generator
    allowed : bool array, shape (quarters, 4, IDS)
        Which ids a note may have.

    Returns
    -------
    array, shape (quarters, 4)
    """
    drawn = padded(piece)
    quarters = len(piece)
    for voice in range(ALTO, len(VOICES)):
        for quarter in range(quarters):
            drawn[quarter + REACH, voice] = random.choice(np.flatnonzero(allowed[quarter, voice]))
    for _ in range(sweeps * (len(VOICES) - 1)):
        voice = int(random.integers(ALTO, len(VOICES)))
        for first in random.permutation(REACH + 1):  # notes so far apart do not read each other
            chosen = np.arange(first, quarters, REACH + 1)
            views = np.stack([drawn[quarter : quarter + 2 * REACH + 1] for quarter in chosen])
            logits = models[voice](torch.from_numpy(views)).double().numpy()
            logits[~allowed[chosen, voice]] = -np.inf
            noise = random.gumbel(size=logits.shape)
            drawn[chosen + REACH, voice] = (logits + noise).argmax(axis=1)
    return drawn[REACH:-REACH]


def constraints(pieces: Sequence[Ids], piece: Ids) -> NDArray[np.bool_]:
    """Allow each voice the ids that it has in `pieces`; the last chord keeps its bass."""
    allowed = np.zeros((len(piece), len(VOICES), IDS), np.bool_)
    together = np.concatenate(pieces)
    for voice in range(len(VOICES)):
        allowed[:, voice, np.unique(together[:, voice])] = True
    allowed[-1, -1] = np.arange(IDS) == piece[-1, -1]
    return allowed


def is_allowed(piece: Ids, allowed: NDArray[np.bool_]) -> float:
    """Return the share of the notes of the lower voices that are allowed."""
    return float(np.take_along_axis(allowed, piece[..., None], axis=2)[:, ALTO:].mean())


def notes_of(piece: Ids) -> NDArray[Any]:
    """Return the notes of a piece; equal ids in a row are one note."""
    rows = []
    for voice in range(len(VOICES)):
        ids = piece[:, voice]
        starts = np.flatnonzero(np.diff(ids, prepend=-1))
        for begin, end in zip(starts, [*starts[1:], len(ids)], strict=True):
            if ids[begin] != SILENT:
                rows.append((begin * QUARTER_MS, (end - begin) * QUARTER_MS, ids[begin] + LOWEST - 1, 80))
    notes = np.empty(len(rows), NOTE)
    for name, column in zip(("onset_ms", "duration_ms", "pitch", "velocity"), zip(*rows, strict=True), strict=True):
        notes[name] = column
    return longplay.resolve_overlaps(np.sort(notes, order=["onset_ms", "pitch"]))


def main(argv: Sequence[str] | None = None) -> None:
    """Train, redraw the lower voices of held-out chorales, and count chords."""
    config = parse_config(BachConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    train, test = (load_voices(config.data, split) for split in ("train", "test"))
    models = [VoiceModel(config.kind, voice, config.hidden) for voice in range(len(VOICES))]
    fit(models, train, config)
    random = np.random.default_rng(config.random_seed)
    given = test[: config.pieces]
    allowed = [constraints(train, piece) for piece in given]
    drawn = [resample(models, piece, config.sweeps, random, may) for piece, may in zip(given, allowed, strict=True)]
    kept = [(new[:, 0] == old[:, 0]).mean() for new, old in zip(drawn, given, strict=True)]
    met = [is_allowed(new, may) for new, may in zip(drawn, allowed, strict=True)]
    redrawn = [(new[:, ALTO:] != old[:, ALTO:]).mean() for new, old in zip(drawn, given, strict=True)]
    config.out.mkdir(parents=True, exist_ok=True)
    seconds = len(drawn[0]) * QUARTER_MS / 1000 + 1
    write_whole(config.out / "sample.mid", longplay.write_midi(notes_of(drawn[0]), seconds), overwrite=True)
    write_report(
        config.out,
        {
            "kind": config.kind,
            "nats_per_note": round(nats(models, test), 4),
            "soprano_kept": round(float(np.mean(kept)), 4),
            "constraints_met": round(float(np.mean(met)), 4),
            "redrawn": round(float(np.mean(redrawn)), 4),
            "chords": chord_shares(drawn, train, test),
            "chords_of_real_music": chord_shares(given, train, test[config.pieces :]),
        },
    )


if __name__ == "__main__":
    main()
