"""Check the figures and the trees of critic.onnx."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from training.critic import classifier
from training.graphs import critic
from training.graphs.builder import Graph
from training.graphs.critic import Notes, critic_graph, tree_attributes
from training.graphs.values import Value

TABLES = {
    "time_shift": [0, 10, 500, 1000, 4000],
    "pitch": list(range(40, 90)),
    "velocity": [20, 60, 100],
    "duration": [100, 500, 3000],
}
COUNT = 12
START = [6, 50, 3, 3]


def run(model: Any, events: NDArray[np.int64]) -> NDArray[Any]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: NDArray[Any] = session.run(None, {"events": events})[0]
    return found


def figure(
    build: Callable[[Notes], Value], rows: list[list[list[int]]], kind: int = TensorProto.INT64, axes: int = 2
) -> NDArray[Any]:
    """Return a value of notes, for rows of events that START fills."""
    graph = Graph("fp32")
    graph.add("Cast", build(Notes(graph, TABLES, COUNT)).name, into="value", to=kind)
    events = helper.make_tensor_value_info("events", TensorProto.INT64, ["batch", COUNT, 4])
    value = helper.make_tensor_value_info("value", kind, [None] * axes)
    return run(graph.model("figure", [events], [value]), padded(rows))


def padded(rows: list[list[list[int]]]) -> NDArray[np.int64]:
    return np.array([[START] * (COUNT - len(row)) + row for row in rows])


ROW = [[0, 20, 0, 0], [0, 24, 1, 1], [2, 27, 1, 2], [3, 20, 2, 0], [1, 24, 2, 0]]


def test_ids_become_amounts() -> None:
    last = slice(COUNT - 5, COUNT)
    assert figure(lambda notes: notes.onset, [ROW])[0, last].tolist() == [0, 0, 500, 1500, 1510]
    assert figure(lambda notes: notes.pitch, [ROW])[0, last].tolist() == [60, 64, 67, 60, 64]
    assert figure(lambda notes: notes.duration, [ROW])[0, last].tolist() == [100, 500, 3000, 100, 100]
    assert figure(lambda notes: notes.there, [ROW])[0].tolist() == [0] * 7 + [1] * 5
    assert figure(lambda notes: notes.follows, [ROW])[0].tolist() == [0] * 8 + [1] * 4
    assert figure(lambda notes: notes.move, [ROW])[0, last].tolist()[1:] == [4, 3, -7, 4]
    assert figure(lambda notes: notes.since(1011), [ROW])[0, last].tolist() == [0, 0, 1, 1, 1]


def test_notes_that_fill_the_window_have_a_first_one_too() -> None:
    full = [[3, i, 1, 1] for i in range(COUNT)]
    assert figure(lambda notes: notes.follows, [full])[0].tolist() == [0] + [1] * (COUNT - 1)


def test_spreads_are_means_and_variances() -> None:
    for part in (0, 1):
        found = figure(
            lambda notes, part=part: critic._spread(notes.pitch.axis(1), notes.there)[part], [ROW], TensorProto.FLOAT
        )
        pitches = np.array([60, 64, 67, 60, 64])
        assert found[0, 0] == pytest.approx((pitches.mean(), pitches.var())[part])


def test_histograms_count() -> None:
    found = figure(lambda notes: critic._histogram(notes.pitch % 12, notes.there, range(12)), [ROW, ROW[:1]])
    assert found[0].tolist() == [2, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0]
    assert found[1].tolist() == [1] + [0] * 11


def test_shares_are_of_the_notes_that_count() -> None:
    found = figure(lambda notes: critic._below(notes.velocity, notes.there, [21, 61]), [ROW], TensorProto.FLOAT)
    assert found[0] == pytest.approx([0.2, 0.6])


def test_rows_of_steps_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(critic, "FAR_NOTES", 3)
    climbing = [[2, pitch, 1, 1] for pitch in (10, 12, 15, 11, 30, 32, 35, 31, 44, 20)]  # +2 +3 -4 +19 +2 +3 -4 +13 -24
    found = figure(critic._returns, [climbing], axes=3)[0]
    of_two, of_four = found[6], found[7]  # of pitches and times
    assert of_two.tolist() == [0] * 8 + [1, 1, 0, 0]  # the second +2 +3, and +3 -4
    assert not of_four.any()
    found = figure(critic._returns, [[[2, 10 + i, 1, 1] for i in range(COUNT)]], axes=3)[0]
    assert found[7].tolist() == [0] * 8 + [1] * 4


def test_pitches_that_return_in_another_rhythm_are_no_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(critic, "FAR_NOTES", 3)
    pitches = (10, 12, 15, 11, 30, 32, 35, 31)
    for other in (1, 3):
        notes = [[other if i > 4 else 1, pitch, 1, 1] for i, pitch in enumerate(pitches)]
        assert figure(critic._returns, [notes], axes=3)[0][6].any() == (other == 1)


def test_sounding_notes_are_counted() -> None:
    held = [[0, 20, 1, 2], [2, 24, 1, 2], [4, 30, 1, 0]]  # 0 to 3 s, 0.5 to 3.5 s, 4.5 to 4.6 s
    mean, _, silent = (
        figure(lambda notes, part=part: critic._sounding(notes, 60_000)[part], [held], TensorProto.FLOAT)[0, 0]
        for part in range(3)
    )
    assert (mean, silent) == (1.5, 0.25)  # 2, 2, 2 and 0 notes at 0.5, 1.5, 2.5 and 3.5 s


def test_a_row_of_the_batch_does_not_depend_on_the_others() -> None:
    random = np.random.default_rng(0)
    rows = [[[int(random.integers(n)) for n in (5, 50, 3, 3)] for _ in range(length)] for length in (12, 7, 2, 1)]
    model = critic_graph(TABLES, COUNT)
    together = run(model, padded(rows))
    assert np.isfinite(together).all()
    for row, values in zip(rows, together, strict=True):
        assert (run(model, padded([row]))[0] == values).all()


def test_the_graph_of_trees_judges_as_the_trees_do() -> None:
    random = np.random.default_rng(1)
    high = [[[1, int(random.integers(25, 50)), 1, 1] for _ in range(COUNT)] for _ in range(60)]
    low = [[[1, int(random.integers(0, 30)), 1, 1] for _ in range(COUNT)] for _ in range(60)]
    events = padded(high + low)
    values = run(critic_graph(TABLES, COUNT), events)
    trees = classifier(20).fit(values, np.repeat([True, False], 60))
    attributes = tree_attributes(trees._predictors, float(trees._baseline_prediction[0, 0]))
    judged = run(critic_graph(TABLES, COUNT, attributes), events)[:, 0]
    assert judged == pytest.approx(trees.decision_function(values), abs=21 * critic.LEAF)
    assert judged[:60].min() > judged[60:].max()
