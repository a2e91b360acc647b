"""Define the model: it reads one event a step and predicts the next event field by field."""

import functools
import math
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.backbones import BACKBONES, Backbone, State
from training.corpus import FINE, IGNORED, NOTES, Vocabulary
from training.performance import PERFORMANCE

VOCABULARIES = {"notes": NOTES, "fine": FINE, "performance": PERFORMANCE}
PITCH = 1
"""The index of the field ``pitch`` in vocabularies of notes."""


def _table(rows: int, width: int, scale: float) -> nn.Embedding:
    table = nn.Embedding(rows, width)
    nn.init.normal_(table.weight, std=scale)
    return table


class NoteModel(nn.Module):
    """Embeddings, a backbone of `training.backbones`, and heads; shapes are (steps, rows, ...).

    The input of the backbone is the sum of the embeddings of an event's fields and of the controls. One product of
    the backbone's output gives the logits of the first field and `context`. The context concatenates, for every
    head, the part of its hidden layer that does not depend on the fields drawn.

    With `intervals`, the model also reads the interval between each pitch and the one before it. It adds logits of
    intervals to the logits of the next pitch. Music that returns in another key therefore looks the same.
    """

    def __init__(
        self,
        backbone: str = "lstm",
        width: int = 512,
        head_width: int = 256,
        dropout: float = 0.0,
        *,
        vocabulary: str = "notes",
        intervals: bool = False,
    ) -> None:
        super().__init__()
        self.width, self.head_width = width, head_width
        self._vocabulary = vocabulary  # its name: modules are copied, and there is one vocabulary of a name
        sizes = list(self.vocabulary.fields.values())
        if intervals and list(self.vocabulary.fields)[PITCH:][:1] != ["pitch"]:
            raise ValueError(f"intervals must be False for the vocabulary {vocabulary}: its second field is not pitch")
        self.pitches = sizes[PITCH] if intervals else 0
        self.intervals = _table(2 * self.pitches + 1, width, 0.4) if intervals else None
        self.events = nn.ModuleList(_table(size + 1, width, 0.4) for size in sizes)  # size is START
        self.controls = nn.ModuleList(_table(size, width, 0.1) for size in self.vocabulary.controls.values())
        self.backbone = BACKBONES[backbone](width, dropout)
        self.dropout = nn.Dropout(dropout)
        moves = 2 * self.pitches
        self.out = nn.Linear(width, sizes[0] + head_width * (len(sizes) - 1) + moves)
        self.drawn = nn.ModuleList(
            nn.ModuleList(_table(sizes[earlier], head_width, 0.4) for earlier in range(field))
            for field in range(1, len(sizes))
        )
        self.heads = nn.ModuleList(nn.Linear(head_width, size) for size in sizes[1:])

    @property
    def vocabulary(self) -> Vocabulary:
        """The meaning of the ids."""
        return VOCABULARIES[self._vocabulary]

    @property
    def context_width(self) -> int:
        """The width of `context`; 0 if there is one field."""
        return self.head_width * (len(self.vocabulary.fields) - 1) + self.pitches

    def zero_state(self, rows: int) -> State:
        """Return the state before a piece."""
        state = cast(Backbone, self.backbone).zero_state(rows)
        if self.intervals is None:
            return state
        return *state, torch.zeros(rows, dtype=torch.int64, device=self.out.weight.device)  # the pitch before

    def run_backbone(self, events: Tensor, controls: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the backbone's output at every step, (steps, rows, width), and the state after the last step."""
        each = [table(events[..., i]) for i, table in enumerate(self.events)]
        each += [table(controls[..., i]) for i, table in enumerate(self.controls)]
        if self.intervals is None:
            output, state = cast(Backbone, self.backbone)(functools.reduce(torch.add, each), state)
        else:
            *state_before, before = state
            pitches = events[..., PITCH]
            each.append(self.intervals(pitches - torch.cat([before[None], pitches[:-1]]) + self.pitches))
            output, state = cast(Backbone, self.backbone)(functools.reduce(torch.add, each), tuple(state_before))
            state = *state, pitches[-1]
        return self.dropout(output), state

    def first_logits(self, output: Tensor, events: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of the first field, and the context of the heads; `events` are the input events."""
        projected = self.out(output)
        if not self.pitches:
            first = projected.shape[-1] - self.context_width
            return projected[..., :first], projected[..., first:]
        projected, moves = projected.split([projected.shape[-1] - 2 * self.pitches, 2 * self.pitches], dim=-1)
        pitches = torch.arange(self.pitches, 2 * self.pitches, device=events.device) - events[..., PITCH, None]
        first = projected.shape[-1] - self.context_width + self.pitches
        return projected[..., :first], torch.cat([projected[..., first:], moves.gather(-1, pitches)], dim=-1)

    def head_logits(self, field: int, context: Tensor, drawn: Tensor) -> Tensor:
        """Return the logits of a further field, given the fields before it."""
        hidden = context[..., (field - 1) * self.head_width : field * self.head_width]
        for earlier, table in enumerate(cast(nn.ModuleList, self.drawn[field - 1])):
            hidden = hidden + table(drawn[..., earlier])
        logits: Tensor = self.heads[field - 1](torch.tanh(hidden))
        return logits + context[..., -self.pitches :] if self.pitches and field == PITCH else logits

    def field_losses(self, output: Tensor, events: Tensor, targets: Tensor, *, coarse: bool = False) -> list[Tensor]:
        """Return the nats of every field and step, 0 where the target is ignored; `output` is (..., width).

        If `coarse`, sum the probabilities of ids that share the nearest id in `training.tables.TABLES`.
        """
        logits, context = self.first_logits(output, events)
        every = [logits]
        drawn = targets.clamp(min=0)
        every += [self.head_logits(field, context, drawn) for field in range(1, targets.shape[-1])]
        merged = [self.vocabulary.coarse.get(name) if coarse else None for name in self.vocabulary.fields]
        return [_nats(logits, targets[..., field], merged[field]) for field, logits in enumerate(every)]


def _nats(logits: Tensor, targets: Tensor, merged: NDArray[np.int64] | None) -> Tensor:
    if merged is not None:
        same = torch.from_numpy(merged).to(targets.device)
        others = same != same[targets.clamp(min=0)][..., None]
        least = logits.logsumexp(-1) - logits.masked_fill(others, -math.inf).logsumexp(-1)
        return least.masked_fill(targets == IGNORED, 0)
    flat = functional.cross_entropy(
        logits.float().flatten(0, -2), targets.flatten(), reduction="none", ignore_index=IGNORED
    )
    return flat.view(targets.shape)


def operations_per_event(model: NoteModel) -> int:
    """Return the operations per event in training: 2 a weight forward, 4 backward; embeddings need none."""
    tables = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    return 6 * sum(weight.numel() for weight in model.parameters() if weight.ndim > 1 and id(weight) not in tables)


def count_weights(model: nn.Module) -> int:
    """Return the number of trained weights."""
    return sum(weight.numel() for weight in model.parameters())
