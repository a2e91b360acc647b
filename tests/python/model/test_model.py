"""Models as the core runs them, against the same models in plain Python."""

import threading

import numpy as np
import pytest
import tiny_model

from longplay import _core
from longplay._model.folder import load_model
from longplay._model.runtime import library_path

FIELDS = len(tiny_model.SIZES)


@pytest.fixture(scope="module")
def runtime():
    return _core.Runtime(str(library_path()))


@pytest.fixture(scope="module", params=[True, False], ids=["in place", "side to side"])
def files(request, tmp_path_factory):
    return load_model(tiny_model.build(tmp_path_factory.mktemp("tiny"), in_place=request.param, soft=True)).files


@pytest.fixture
def make(runtime, files):
    return lambda max_batch: _core.Model(runtime, files, _core.Device.cpu, max_batch)


class Rows:
    """One predictor a row, compared with a model on random events and controls."""

    def __init__(self, count: int, random_seed: int = 0) -> None:
        self.predictors = [tiny_model.Predictor(soft=True) for _ in range(count)]
        self.random = np.random.default_rng(random_seed)

    def _draw(self, sizes, batch):
        return np.stack([self.random.integers(size, size=batch) for size in sizes], axis=1)

    def step(self, model, batch: int) -> None:
        events = self._draw([size + 1 for size in tiny_model.SIZES], batch)
        controls = self._draw([control["size"] for control in tiny_model.CONTROLS], batch)
        logits = model.step(events, controls)
        expected = [self.predictors[row].step(events[row].tolist(), controls[row].tolist()) for row in range(batch)]
        np.testing.assert_array_equal(logits, np.array(expected, np.float32))
        drawn = self._draw(tiny_model.SIZES, batch)
        for field in range(1, FIELDS):
            logits = model.head(field, np.ascontiguousarray(drawn[:, :field]))
            expected = [self.predictors[row].head(drawn[row, :field].tolist()) for row in range(batch)]
            np.testing.assert_array_equal(logits, np.array(expected, np.float32))


@pytest.mark.parametrize(("batch", "steps"), [(1, 500), (2, 500), (7, 200), (64, 20)])
def test_every_logit_is_what_the_graph_says_for_the_rows_own_past(make, batch, steps):
    model, rows = make(batch), Rows(batch)
    for _ in range(steps):
        rows.step(model, batch)


def test_rows_beyond_the_batch_keep_their_state(make):
    model, rows = make(7), Rows(7)
    for batch in [7, 3, 1, 1, 7, 2, 5, 4, 6, 7, 1, 2, 7] * 5:
        rows.step(model, batch)


def test_a_row_starts_from_zeros_again_after_a_reset(make):
    model, rows = make(3), Rows(3)
    for batch in [3, 3, 1]:
        rows.step(model, batch)
    for row in (0, 2):  # one on the side that the last step wrote, one left behind
        model.reset(row)
        rows.predictors[row] = tiny_model.Predictor(soft=True)
    for batch in [3, 3]:
        rows.step(model, batch)


def test_states_that_swap_rows_keep_their_pasts(make):
    model, rows = make(3), Rows(3)
    for batch in [3, 3, 2]:
        rows.step(model, batch)
    first, last = model.save(0), model.save(2)
    assert len(first) == len(last) == model.state_bytes == 2 * 8 + 6 * 4
    model.load(0, last)
    model.load(2, first)
    rows.predictors[0], rows.predictors[2] = rows.predictors[2], rows.predictors[0]
    for batch in [3, 1, 3]:
        rows.step(model, batch)


def test_a_state_resumes_in_another_model(make):
    model, other, rows = make(2), make(5), Rows(2)
    for _ in range(3):
        rows.step(model, 2)
    for row in range(2):
        other.load(row, model.save(row))
    rows.step(other, 2)


def test_models_on_two_threads_do_not_disturb_each_other(make):
    failures = []

    def work(random_seed):
        try:
            model, rows = make(4), Rows(4, random_seed)
            for _ in range(100):
                rows.step(model, 4)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("in_place", [True, False])
def test_a_model_of_one_field_without_controls_runs(runtime, tmp_path, in_place):
    files = load_model(tiny_model.build_token(tmp_path, in_place=in_place)).files
    model = _core.Model(runtime, files, _core.Device.cpu, 2)
    predictors = [tiny_model.TokenPredictor(), tiny_model.TokenPredictor()]
    none = np.empty((2, 0), np.int64)
    for tokens in np.random.default_rng(0).integers(tiny_model.TOKENS + 1, size=(300, 2)).tolist():
        logits = model.step(np.array(tokens)[:, None], none)
        assert logits.tolist() == [p.step(token) for p, token in zip(predictors, tokens, strict=True)]


def test_time_in_the_runtime_is_counted_from_zero(make):
    model = make(2)
    assert model.run_seconds == 0
    Rows(2).step(model, 2)
    assert 0 < model.run_seconds < 1


def test_an_id_out_of_range_is_refused_and_leaves_the_state_alone(make):
    model, rows = make(2), Rows(2)
    rows.step(model, 2)
    before = model.save(1)
    unknown = np.array([tiny_model.UNKNOWN_CONTROL] * 2)
    start = np.array([tiny_model.START_EVENT] * 2)
    with pytest.raises(ValueError, match=r"velocity of row 1 must be in \[0, 4\], not 5"):
        model.step(start + np.array([[0, 0, 0, 0], [0, 0, 1, 0]]), unknown)
    with pytest.raises(ValueError, match=r"pitch of row 0 must be in \[0, 12\], not -1"):
        model.step(start - np.array([[0, 13, 0, 0], [0, 0, 0, 0]]), unknown)
    with pytest.raises(ValueError, match=r"style of row 1 must be in \[0, 2\], not 3"):
        model.step(start, unknown + np.array([[0, 0], [0, 3]]))
    with pytest.raises(ValueError, match=r"pitch of row 0 must be in \[0, 11\], not 12"):
        model.head(2, np.array([[0, 12]]))
    assert model.save(1) == before


def test_rows_fields_and_states_that_are_not_there_are_refused(make):
    model = make(2)
    start, unknown = np.array([tiny_model.START_EVENT] * 3), np.array([tiny_model.UNKNOWN_CONTROL] * 3)
    with pytest.raises(ValueError, match=r"batch must be in \[1, 2\], not 0"):
        model.step(start[:0], unknown[:0])
    with pytest.raises(ValueError, match=r"row must be in \[0, 1\], not 2"):
        model.step(start, unknown)
    with pytest.raises(ValueError, match=r"row must be in \[0, 1\], not -1"):
        model.reset(-1)
    with pytest.raises(ValueError, match=r"field must be in \[1, 3\], not 4"):
        model.head(4, np.zeros((1, 4), np.int64))
    with pytest.raises(ValueError, match="state must have 40 bytes, not 39"):
        model.load(0, bytes(39))
    with pytest.raises(ValueError, match=r"events must have shape \(batch, 4\)"):
        model.step(start[:, :3].copy(), unknown)
    with pytest.raises(ValueError, match="controls must have as many rows as events, 1, not 2"):
        model.step(start[:1], unknown[:2])
    with pytest.raises(TypeError):
        model.step(start[:1].astype(np.float32), unknown[:1])


@pytest.mark.parametrize("max_batch", [0, -1, 4097])
def test_a_batch_out_of_range_is_refused(make, max_batch):
    with pytest.raises(ValueError, match=rf"max_batch must be in \[1, 4096\], not {max_batch}"):
        make(max_batch)


def test_cuda_is_refused_where_there_is_none_and_nothing_is_printed(runtime, files, capfd):
    try:
        _core.Model(runtime, files, _core.Device.cuda(0, False), 1)
    except _core.DeviceError as error:
        problem = str(error)
    else:
        pytest.skip("this machine has a GPU that works")
    assert "device 'cuda:0'" in problem
    assert "pip install 'longplay[cuda]'" in problem
    assert "\n" not in problem
    assert capfd.readouterr() == ("", "")
