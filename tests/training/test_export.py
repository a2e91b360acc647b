"""Check an exported folder against its model."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import cuda_double
import made_up

import longplay
from longplay import _core
from longplay._model.folder import load_model
from longplay._model.runtime import library_path, preload_cuda
from training import tables
from training.corpus import Corpus
from training.export import write_model
from training.folder import ModelFolder
from training.graphs.builder import WEIGHT_MAX, Precision, quantise
from training.graphs.calibration import measure
from training.model import NoteModel
from training.scoring import score_corpus, torch_scorer

STEPS = 200
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8")


@pytest.fixture(scope="module")
def model() -> NoteModel:
    """Return a small model with large logits, in which errors are visible."""
    torch.manual_seed(5)
    model = NoteModel("lstm", width=64, head_width=32).eval()
    with torch.no_grad():
        model.out.weight.mul_(10)
        for head in model.heads:
            head.weight.mul_(10)
    return model


@pytest.fixture(scope="module")
def folders(model: NoteModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("exported")
    for precision in PRECISIONS:
        ranges = measure(model, *made_up.steps(300, 8)[:2]) if precision == "int8" else None
        write_model(model, root / precision, name="small", precision=precision, ranges=ranges)
    return {precision: root / precision for precision in PRECISIONS}


def outputs(folder: Path, events: np.ndarray, controls: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return all outputs of a folder's graphs, concatenated: (steps, rows, ...)."""
    model = ModelFolder(folder)
    state = model.zero_state(events.shape[1])
    said = []
    for event, control, ids in zip(events, controls, drawn, strict=True):
        logits, context, state = model.step(event, control, state)
        heads = [model.head(context, np.ascontiguousarray(ids[:, :f])) for f in range(1, len(tables.SIZES))]
        said.append(np.concatenate([logits, *heads, context, *state.values()], axis=1))
    return np.stack(said)


@pytest.mark.parametrize(("precision", "error"), [("fp32", 2e-2), ("fp16", 6e-2)])  # embeddings are stored in 16 bits
def test_logits_of_graphs_are_the_models(
    model: NoteModel, folders: dict[str, Path], precision: str, error: float
) -> None:
    events, controls, drawn = made_up.steps(STEPS, 3)
    with torch.no_grad():
        given = [torch.from_numpy(array) for array in (events, controls, drawn)]
        output, _ = model.run_backbone(given[0], given[1], model.zero_state(3))
        logits, context = model.first_logits(output, given[0])
        heads = [model.head_logits(f, context, given[2]) for f in range(1, len(tables.SIZES))]
        expected = torch.cat([logits, *heads], dim=-1).numpy()
    said = outputs(folders[precision], events, controls, drawn)[..., : sum(tables.SIZES)]
    assert np.abs(expected).max() > 1
    assert np.abs(said - expected).max() < error


@pytest.mark.parametrize("rows", [[0], [63], [1, 7, 9, 20, 21, 33, 63]])
def test_rows_of_int8_graphs_do_not_depend_on_their_batch(folders: dict[str, Path], rows: list[int]) -> None:
    steps = made_up.steps(20, 64)
    together = outputs(folders["int8"], *steps)
    alone = outputs(folders["int8"], *(array[:, rows] for array in steps))
    assert (alone == together[:, rows]).all()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_folder_scores_as_the_model_does(
    model: NoteModel, folders: dict[str, Path], prepared: Path, precision: str
) -> None:
    corpus = Corpus(prepared, "val")
    expected = score_corpus(corpus, torch_scorer(model))
    got = score_corpus(corpus, ModelFolder(folders[precision]).score)
    for source, values in expected["sources"].items():
        assert got["sources"][source]["nats_per_note"] == pytest.approx(values["nats_per_note"], rel=0.01)
        assert got["sources"][source]["notes"] == values["notes"]


def test_scores_add_up_over_sources_and_positions(model: NoteModel, prepared: Path) -> None:
    corpus = Corpus(prepared, "train")
    report = score_corpus(corpus, torch_scorer(model), controls=["style"])
    total = report["total"]
    assert total["notes"] == sum(piece["count"] for piece in corpus.pieces)  # END is no note
    for parts in (report["sources"], report["positions"]):
        nats = sum(values["nats_per_note"] * values["notes"] for values in parts.values())
        assert total["nats_per_note"] == pytest.approx(nats / total["notes"], abs=1e-3)
        assert total["seconds"] == pytest.approx(sum(values["seconds"] for values in parts.values()), abs=0.01)


def test_nats_of_fine_tables_are_summed_over_ids_of_the_coarse_tables(prepared: Path) -> None:
    model = NoteModel("lstm", width=64, head_width=32, vocabulary="fine").eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()  # all ids are equally likely
    corpus = Corpus(prepared, "train", model.vocabulary)
    reading = corpus.read(0)
    arrays = [array[:, None].astype(np.int64) for array in (reading.events, reading.controls, reading.targets)]
    nats = torch_scorer(model)(*arrays)[:, 0]
    assert (nats[-1, 1:] == 0).all()
    for field, name in enumerate(model.vocabulary.fields):
        targets, size = reading.targets[:-1, field], model.vocabulary.fields[name]
        near = model.vocabulary.coarse.get(name, np.arange(size))
        together = np.bincount(near)[near[targets]]
        assert np.allclose(nats[:-1, field], np.log(size / together), atol=1e-5)


def test_the_controls_of_a_model_change_its_score(model: NoteModel, prepared: Path) -> None:
    corpus = Corpus(prepared, "val")
    scores = [
        score_corpus(corpus, torch_scorer(model), controls=controls)["total"]["nats_per_note"]
        for controls in ((), ("style",), ("remaining",), ("remaining", "style"))
    ]
    assert len(set(scores)) == 4


def test_the_engine_plays_an_exported_folder(folders: dict[str, Path]) -> None:
    engine = longplay.Engine(folders["int8"], device="cpu")
    piece = engine.generate(seconds=10)
    assert engine.styles == tuple(tables.STYLES[1:])
    assert piece.duration == 10


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_exported_graphs_run_on_cuda_wholly_and_carry_only_ids_and_logits(
    folders: dict[str, Path], tmp_path: Path, precision: str
) -> None:
    double, script = cuda_double.build(tmp_path), cuda_double.HERE / "model_report.py"
    ids, logits = len(tables.SIZES) + len(tables.UNKNOWN_CONTROL), tables.SIZES[0]
    rows = 4
    step = double.run(script, folders[precision], "plain")["step"]
    assert (step["up_bytes"], step["down_bytes"], step["within"]) == (8 * rows * ids, 4 * rows * logits, 0)
    # A captured graph would copy again from the same address of the host, which may hold other data by then.
    assert double.run(script, folders[precision], "capture")["opened"]["recorded"] == 0


@pytest.mark.gpu
@pytest.mark.parametrize(("precision", "capture"), [("fp32", False), ("fp16", False), ("fp16", True)])
def test_exported_graphs_say_on_a_gpu_what_they_say_on_the_cpu(
    folders: dict[str, Path], precision: str, capture: bool
) -> None:
    events, controls, drawn = made_up.steps(STEPS, 64)
    files = load_model(folders[precision]).files
    said = []
    for device in (_core.Device.cpu, _core.Device.cuda(0, capture)):
        try:
            preload_cuda()
            model = _core.Model(_core.Runtime(str(library_path())), files, device, 64)
        except _core.DeviceError as error:
            pytest.skip(str(error))
        each = []
        for event, control, ids in zip(events, controls, drawn, strict=True):
            heads = [model.step(event, control)]
            heads += [model.head(field, np.ascontiguousarray(ids[:, :field])) for field in range(1, len(tables.SIZES))]
            each.append(np.concatenate(heads, axis=1))
        said.append(np.stack(each))
    assert np.abs(said[0] - said[1]).max() < {"fp32": 1e-3, "fp16": 1e-1}[precision]


def test_int8_alone_is_given_ranges(model: NoteModel, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ranges must be None for precision fp16"):
        write_model(model, tmp_path, name="small", precision="fp16", ranges={})
    with pytest.raises(ValueError, match="ranges must be given for precision int8"):
        write_model(model, tmp_path, name="small", precision="int8")


def test_a_product_of_two_bytes_and_weights_fits_sixteen_bits() -> None:
    assert 2 * 255 * WEIGHT_MAX < 2**15


def test_quantised_weights_are_near_and_use_the_range() -> None:
    weight = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32) * np.arange(7, dtype=np.float32)
    integers, scale = quantise(weight)
    assert np.abs(integers).max(axis=0).tolist() == [0] + [WEIGHT_MAX] * 6
    assert (np.abs(integers * scale - weight) <= scale / 2 + 1e-6).all()
