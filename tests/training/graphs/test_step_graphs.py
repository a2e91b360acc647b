"""Check each backbone's graph against its module, far past any window, with rows that begin at different times."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import made_up
from made_up_music import made_up_notes
from numpy.typing import NDArray

import longplay
from training import tables
from training.backbones import reset_rows
from training.backbones.attention import TURN
from training.corpus import read_notes
from training.export import write_model
from training.folder import ModelFolder
from training.graphs.calibration import measure
from training.model import NoteModel

ROWS, STEPS = 8, 2000
SMALL: dict[str, dict[str, Any]] = {
    "lstm": {},
    "transformer": {"layers": 2, "window": 40},
    "relative-transformer": {"layers": 2, "window": 40},
    "far-transformer": {"windows": (64, 352), "kept": 64},
}
EVENTS, CONTROLS, _ = made_up.steps(STEPS, ROWS)
# How far logits may be off: embeddings are stored in 16 bits, notes of far Transformers in 8.
CLOSE: dict[str, float] = {"FarTransformer": 5e-2}
# Row 0 reads one piece; row 7 begins a new one every 249 steps.
BEGINS = np.array([[row > 0 and step % (592 - 49 * row) == 0 for row in range(ROWS)] for step in range(STEPS)])


@pytest.fixture(scope="module", params=SMALL)
def model(request: pytest.FixtureRequest) -> NoteModel:
    torch.manual_seed(5)
    model = NoteModel(request.param, width=128, head_width=32)
    model.backbone = made_up.awake(type(model.backbone)(128, **SMALL[request.param]))
    return model.eval()


@pytest.fixture(scope="module")
def folders(model: NoteModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelFolder]:
    root = tmp_path_factory.mktemp("exported")
    write_model(model, root / "fp32", name="small")
    write_model(model, root / "fp16", name="small", precision="fp16")
    ranges = measure(model, EVENTS[:300], CONTROLS[:300])
    write_model(model, root / "int8", name="small", precision="int8", ranges=ranges)
    return {name: ModelFolder(root / name) for name in ("fp32", "fp16", "int8")}


@torch.no_grad()
def logits_of_module(model: NoteModel, events: NDArray[np.int64], controls: NDArray[np.int64]) -> NDArray[np.float32]:
    state, outputs = model.zero_state(events.shape[1]), []
    cuts = [*np.flatnonzero(BEGINS[: len(events)].any(axis=1)), len(events)]
    for begin, end in itertools.pairwise(cuts):
        state = reset_rows(state, BEGINS[begin, : events.shape[1]])
        part, state = model.run_backbone(
            torch.from_numpy(events[begin:end]), torch.from_numpy(controls[begin:end]), state
        )
        outputs.append(part)
    logits: NDArray[np.float32] = model.first_logits(torch.cat(outputs), torch.from_numpy(events))[0].numpy()
    return logits


def logits_of_graph(folder: ModelFolder, rows: list[int], steps: int = STEPS) -> NDArray[np.float32]:
    state, said, ages = folder.zero_state(len(rows)), [], np.zeros(len(rows), int)
    for step in range(steps):
        ages[BEGINS[step, rows]] = 0
        for row in np.flatnonzero(BEGINS[step, rows]):
            for part in state.values():
                part[row] = 0
        first = ages < folder.config.get("seed_events", 0)
        logits, _, state = folder.step(EVENTS[step, rows], CONTROLS[step, rows], state, first)
        ages += 1
        said.append(logits)
    return np.stack(said)


def test_a_graph_equals_its_module_over_2000_steps(model: NoteModel, folders: dict[str, ModelFolder]) -> None:
    expected = logits_of_module(model, EVENTS, CONTROLS)
    assert expected.std() > 0.1
    for rows in ([0], [1, 4, 6], list(range(ROWS))):
        said = logits_of_graph(folders["fp32"], rows)
        assert np.abs(said - expected[:, rows]).max() < CLOSE.get(type(model.backbone).__name__, 1e-2)


@pytest.mark.parametrize(("precision", "share"), [("fp16", 0.005), ("int8", 0.15)])
def test_rounded_products_change_little(folders: dict[str, ModelFolder], precision: str, share: float) -> None:
    exact, rounded = (logits_of_graph(folders[name], [0, 5], 300) for name in ("fp32", precision))
    assert 0 < (exact - rounded).std() < share * exact.std()


def test_a_rows_bits_are_the_same_in_any_batch(folders: dict[str, ModelFolder]) -> None:
    together = logits_of_graph(folders["int8"], list(range(ROWS)), 400)
    for rows in ([5], [2, 7, 3]):
        assert (logits_of_graph(folders["int8"], rows, 400) == together[:, rows]).all()


def logits_in_parts(model: NoteModel, events: NDArray[np.int64], controls: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the logits of the first field, (steps, rows, ids), of music read 256 notes at a time."""
    state, logits = model.zero_state(1), []
    for part in range(0, len(events), 256):
        given = [torch.from_numpy(array[part : part + 256]) for array in (events, controls)]
        outputs, state = model.run_backbone(*given, state)
        logits.append(model.first_logits(outputs, given[0])[0].numpy())
    return np.concatenate(logits)


@torch.no_grad()
def test_a_transformer_continues_when_its_position_wraps_around(tmp_path: Path) -> None:
    model = NoteModel("transformer", width=128, head_width=32).eval()
    model.backbone = made_up.awake(type(model.backbone)(128, layers=1, window=40))
    write_model(model, tmp_path, name="small")
    folder, count = ModelFolder(tmp_path), TURN + 600
    events, controls, _ = made_up.steps(count, 1)
    expected, said = logits_in_parts(model, events, controls), []
    states = folder.zero_state(1)
    for event, control in zip(events, controls, strict=True):
        logits, _, states = folder.step(event, control, states)
        said.append(logits)
    assert np.abs(np.stack(said) - expected).max() < 1e-2
    assert states["position"][0] < count - TURN + 1


@torch.no_grad()
def test_a_far_transformer_continues_when_its_counts_wrap_around(tmp_path: Path) -> None:
    model = NoteModel("far-transformer", width=128, head_width=32).eval()
    model.backbone = made_up.awake(type(model.backbone)(128, windows=(64, 352), kept=64))
    write_model(model, tmp_path, name="small")
    engines_model, count = longplay.Model(tmp_path), 2 * TURN + 600
    events, controls, _ = made_up.steps(count, 1)
    expected, said = logits_in_parts(model, events, controls), []
    for step, (event, control) in enumerate(zip(events, controls, strict=True)):
        said.append(engines_model.step(event, control, seed=step < 64))
    assert np.abs(np.stack(said) - expected).max() < CLOSE["FarTransformer"]


def test_the_engine_scores_notes_as_the_graphs_do_in_memory_of_their_own(
    model: NoteModel, folders: dict[str, ModelFolder]
) -> None:
    notes = made_up_notes(np.random.default_rng(1), 400)
    notes["onset_ms"] -= notes["onset_ms"][0]
    engine = longplay.Engine(folders["int8"].folder, device="cpu")
    score = engine.score(longplay.write_midi(notes, 600))
    reading = read_notes(longplay.Tokenizer(folders["int8"].config), notes, style=0)
    unknown = np.tile(np.array(tables.UNKNOWN_CONTROL), (len(reading.events), 1, 1))
    events, targets = (array[:, None].astype(np.int64) for array in (reading.events, reading.targets))
    nats = folders["int8"].score(events, unknown, targets)
    assert score.notes == 400
    # ONNX Runtime rounds differently, which moves a logit by some thousandths or hundredths (docs/functions.md).
    assert np.abs(nats[:-1, 0] + score.log_probabilities).max() < CLOSE.get(type(model.backbone).__name__, 2e-2)
