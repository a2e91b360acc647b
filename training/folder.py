"""Run a model folder (docs/model-contract.md) with ONNX Runtime's Python interface, without the engine."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from training.corpus import IGNORED, Vocabulary, vocabulary_of


class ModelFolder:
    """The graphs of a model folder, on the CPU with one thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._seed_events = self.config.get("seed_events", 0)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        names = ["step", *(f"head_{field}" for field in range(1, len(self.config["fields"])))]
        self._sessions = [
            onnxruntime.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
            for name in names
        ]
        context = ["context"] if len(names) > 1 else []
        self._outputs = ["logits", *context, *(state["output"] for state in self.config["states"])]

    @property
    def vocabulary(self) -> Vocabulary:
        """The meaning of the ids of a note model."""
        return vocabulary_of(self.config)

    def zero_state(self, rows: int) -> dict[str, NDArray[Any]]:
        """Return the states before a piece, by the names of their inputs."""
        return {state["input"]: np.zeros((rows, *state["shape"]), state["type"]) for state in self.config["states"]}

    def step(
        self,
        event: NDArray[np.int64],
        control: NDArray[np.int64],
        state: dict[str, NDArray[Any]],
        seed: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Return logits, context and the next state; with one field, the width of the context is 0.

        `seed`, of shape (rows,), marks the rows whose events are of the seed; None means no row.
        """
        controls = {"control": control} if self.config["controls"] else {}
        inputs = {"event": event, **controls, **state}
        if self._seed_events:
            inputs["seed"] = np.zeros((len(event), 1), np.int64) if seed is None else seed[:, None].astype(np.int64)
        outputs = dict(zip(self._outputs, self._sessions[0].run(self._outputs, inputs), strict=True))
        context = outputs.get("context", np.empty((len(event), 0), np.float32))
        following = {each["input"]: outputs[each["output"]] for each in self.config["states"]}
        return outputs["logits"], context, following

    def head(self, context: NDArray[np.float32], drawn: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits of the field after those in `drawn`, (rows, fields drawn)."""
        session = self._sessions[drawn.shape[1]]
        logits: NDArray[np.float32] = session.run(["logits"], {"context": context, "drawn": drawn})[0]
        return logits

    def score(
        self, events: NDArray[np.int64], controls: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Score whole pieces; see `training.scoring.torch_scorer`."""
        names = [each["name"] for each in self.config["fields"]]
        coarse = self.vocabulary.coarse if "pitch" in names else {}
        merged = [coarse.get(name) for name in names]
        nats = np.zeros(targets.shape)
        state = self.zero_state(events.shape[1])
        drawn = targets.clip(min=0)
        for i in range(len(events)):
            first = np.full(events.shape[1], i < self._seed_events)  # as in training
            logits, context, state = self.step(events[i], controls[i], state, first)
            nats[i, :, 0] = _nats(logits, targets[i, :, 0], merged[0])
            for field in range(1, targets.shape[2]):
                logits = self.head(context, np.ascontiguousarray(drawn[i, :, :field]))
                nats[i, :, field] = _nats(logits, targets[i, :, field], merged[field])
        return nats


def _nats(
    logits: NDArray[np.float32], targets: NDArray[np.int64], merged: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    wide, known = logits.astype(np.float64), targets.clip(min=0)
    if merged is None:
        chosen = np.take_along_axis(wide, known[:, None], axis=1)[:, 0]
    else:  # ids that share their nearest id count as one
        chosen = _log_sum(np.where(merged == merged[known][:, None], wide, -np.inf))
    return np.where(targets == IGNORED, 0.0, _log_sum(wide) - chosen)


def _log_sum(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    high = logits.max(axis=1)
    total: NDArray[np.float64] = high + np.log(np.exp(logits - high[:, None]).sum(axis=1))
    return total
