"""Format 2: states of 16 bits, and the mark of the seed's events."""

import json

import numpy as np
import onnx
import pytest
import tiny_model
from core_calls import generate_events, sampling_params
from onnx import TensorProto

import longplay
from longplay import _core
from longplay._model.folder import load_model
from longplay._model.runtime import library_path

TOKENS, SEED_EVENTS = 12, 3


def marks_counted(folder):
    """Write a token model whose likeliest token is the number of marked events that it has read."""
    g = tiny_model.Graph()
    seen = g.op("Add", "marked", g.op("Cast", "seed", to=TensorProto.FLOAT16), output="next_marked")
    likeliest = np.where(np.eye(TOKENS), 60, 0).astype(np.float32)
    index = g.op("Squeeze", g.op("Cast", seen, to=TensorProto.INT64), g.constant([1]))
    g.op("Gather", g.constant(likeliest, np.float32), index, output="logits")
    half = tiny_model.tensor("marked", 1, kind=TensorProto.FLOAT16)
    after = tiny_model.tensor("next_marked", 1, kind=TensorProto.FLOAT16)
    logits = tiny_model.tensor("logits", TOKENS, kind=TensorProto.FLOAT)
    onnx.save(g.model([tiny_model.tensor("event", 1), tiny_model.tensor("seed", 1), half], [logits, after]),
              folder / "step.onnx")  # fmt: skip
    config = {
        "format": 2,
        "name": "marks",
        "fields": [{"name": "token", "size": TOKENS}],
        "start_event": [TOKENS],
        "controls": [],
        "states": [{"input": "marked", "output": "next_marked", "type": "float16", "shape": [1]}],
        "states_in_place": True,
        "seed_events": SEED_EVENTS,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path):
    return marks_counted(tmp_path)


def tokens_drawn(folder, prompt, count):
    runtime = _core.Runtime(str(library_path()))
    settings = {"params": [sampling_params(temperature=0)], "bias": [[]], "controls": []}
    prompt = np.array(prompt, np.int32).reshape(-1, 1)
    [(events, _, _)] = generate_events(runtime, load_model(folder).files, [prompt], [count], **settings)
    return events[:, 0].tolist()


@pytest.mark.parametrize("prompt", [[], [5], [1, 2, 3, 4, 5, 6]])
def test_the_start_and_the_prompt_are_marked_and_nothing_drawn(folder, prompt):
    assert tokens_drawn(folder, prompt, 5) == [len(prompt) + 1] * 5


def test_a_model_is_told_by_its_caller(folder):
    model = longplay.Model(folder, max_batch=2)
    events, controls = np.full((2, 1), TOKENS), np.empty((2, 0), np.int64)
    likeliest = [model.step(events, controls, seed=seed).argmax(axis=1).tolist() for seed in (True, False, True)]
    assert likeliest == [[1, 1], [1, 1], [2, 2]]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c: (c.update(format=1), c.pop("seed_events")), r"states\[0\]\.type: float16 needs format 2"),
        (lambda c: (c.update(format=1), c["states"][0].update(type="int32")), "seed_events is not an entry of the"),
        (lambda c: c.update(seed_events=-1), r"seed_events must be in \[0, 1048576\], not -1"),
        (lambda c: c.pop("seed_events"), "step.onnx: input 'seed' is in neither config.json"),
    ],
)
def test_what_does_not_fit_format_2_is_named(folder, change, problem):
    tiny_model.change_config(folder, change)
    with pytest.raises(_core.ModelError, match=problem):
        longplay.Model(folder)
