import numpy as np
import pytest
from core_calls import sample_batch, sampling_params
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sampling_oracle import draw

from longplay import _core

SEEDS = st.integers(0, 2**64 - 1)
FINITE = st.floats(-30, 30, width=32)
# Few distinct values make ties; -inf forbids; 1e4 is as far as a broken model gets.
LOGIT = st.one_of(FINITE, st.sampled_from([-np.inf, -1e4, -1.0, 0.0, 1.0, 1e4]))
PARAMS = st.builds(
    sampling_params,
    temperature=st.one_of(st.sampled_from([0.0, 1e-3, 1.0, 100.0]), st.floats(0.05, 5)),
    top_k=st.one_of(st.just(0), st.integers(1, 12)),
    top_p=st.one_of(st.just(1.0), st.floats(0.05, 0.999)),
    min_p=st.one_of(st.just(0.0), st.floats(0.01, 1)),
)


@st.composite
def batches(draw_from):
    """Logits (batch, size), half of them of a real field's size, and a bias or None."""
    shape = draw_from(st.tuples(st.integers(1, 4), st.one_of(st.integers(1, 12), st.sampled_from([32, 88, 96, 160]))))
    if shape[1] > 12:
        rng = np.random.default_rng(draw_from(st.integers(0, 2**32 - 1)))
        logits = rng.normal(0, draw_from(st.sampled_from([0.1, 1, 3, 10])), shape).astype(np.float32)
        if draw_from(st.booleans()):
            logits = np.round(logits)
    else:
        logits = draw_from(hnp.arrays(np.float32, shape, elements=LOGIT))
    bias = draw_from(st.one_of(st.none(), hnp.arrays(np.float32, shape[1:], elements=LOGIT)))
    kept = draw_from(st.integers(0, shape[1] - 1))  # at least one id must be left
    logits[:, kept] = np.maximum(logits[:, kept], -1e4)
    if bias is not None:
        bias[kept] = max(bias[kept], -1e4)
    return logits, bias


def test_draws_agree_with_a_float64_sampler_that_sorts():
    decided = []

    @settings(max_examples=500)
    @given(batches(), PARAMS, SEEDS, st.integers(0, 2**64 - 1), st.integers(0, 3))
    def check(batch, params, random_seed, step, field):
        logits, bias = batch
        ids, log_probabilities = sample_batch(
            logits, params, random_seed=random_seed, step=step, field=field, bias=bias
        )
        for row, row_logits in enumerate(logits):
            u = _core.uniform(random_seed=random_seed, candidate=row, event=step, field=field)
            expected = draw(row_logits, bias, params, u)
            decided.append(expected.margin > 1e-5)
            if decided[-1]:
                assert ids[row] == expected.id
                assert log_probabilities[row] == pytest.approx(expected.log_probability, rel=1e-6, abs=1e-6)

    check()
    assert np.mean(decided) > 0.97, "too many draws were left unjudged"


@given(st.data(), PARAMS, SEEDS)
def test_a_row_does_not_depend_on_its_batch_mates(data, params, random_seed):
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 40)))
    logits = data.draw(hnp.arrays(np.float32, shape, elements=FINITE))
    others = data.draw(hnp.arrays(np.float32, shape, elements=FINITE))
    row = data.draw(st.integers(0, shape[0] - 1))
    others[row] = logits[row]
    ids, log_probabilities = sample_batch(logits, params, random_seed=random_seed)
    other_ids, other_log_probabilities = sample_batch(others, params, random_seed=random_seed)
    alone = sample_batch(logits[row : row + 1], params, random_seed=random_seed, first_candidate=row)
    assert ids[row] == other_ids[row] == alone[0][0]
    assert log_probabilities[row] == other_log_probabilities[row] == alone[1][0]


@given(batches(), PARAMS, SEEDS)
def test_a_forbidden_id_is_never_drawn(batch, params, random_seed):
    logits, bias = batch
    ids, _ = sample_batch(logits, params, random_seed=random_seed, bias=bias)
    for row, drawn in enumerate(ids):
        assert logits[row, drawn] > -np.inf
        assert bias is None or bias[drawn] > -np.inf


@pytest.mark.parametrize("size", [1, 2, 3, 15, 16, 17, 31, 33, 160, 401])
def test_equal_logits_are_drawn_equally_often_at_every_size(size):
    draws = 400 * size
    logits = np.full((draws, size), -1e4, dtype=np.float32)
    ids, log_probabilities = sample_batch(logits, sampling_params(temperature=100), random_seed=3)
    counts = np.bincount(ids, minlength=size)
    # A chi-squared of size - 1 degrees of freedom: its mean plus five standard deviations.
    assert ((counts - 400) ** 2 / 400).sum() <= size - 1 + 5 * np.sqrt(2 * (size - 1))
    assert log_probabilities == pytest.approx(np.full(draws, -np.log(size)), abs=1e-6)


@pytest.mark.parametrize("temperature", [0, 1e-6, 1e-3, 1, 100, 1e6])
def test_the_one_id_that_is_allowed_is_drawn_at_any_temperature(temperature):
    logits = np.full((8, 5), -np.inf, dtype=np.float32)
    logits[:, 3] = -1e4
    params = sampling_params(temperature=temperature, top_k=4, top_p=0.5, min_p=0.5)
    ids, log_probabilities = sample_batch(logits, params, random_seed=1)
    assert (ids == 3).all()
    assert (log_probabilities == 0).all()


def test_every_part_of_the_address_changes_the_draws():
    logits = np.zeros((64, 100), dtype=np.float32)
    addresses = [
        {"random_seed": 1},
        {"random_seed": 2},
        {"random_seed": 1, "step": 1},
        {"random_seed": 1, "field": 1},
        {"random_seed": 1, "first_candidate": 64},
    ]
    draws = [tuple(sample_batch(logits, sampling_params(), **address)[0]) for address in addresses]
    assert len(set(draws)) == len(addresses)


def test_the_last_candidates_can_be_drawn_and_no_more():
    logits = np.zeros((2, 3), dtype=np.float32)
    params = sampling_params()
    ids, _ = sample_batch(logits, params, random_seed=0, first_candidate=2**32 - 2)
    assert ids.shape == (2,)
    with pytest.raises(ValueError, match=r"first_candidate \+ batch must be at most 2\*\*32"):
        sample_batch(logits, params, random_seed=0, first_candidate=2**32 - 1)


def test_an_empty_batch_gives_empty_arrays():
    ids, log_probabilities = sample_batch(np.zeros((0, 3), dtype=np.float32), sampling_params(), random_seed=0)
    assert (ids.shape, ids.dtype) == ((0,), np.int32)
    assert (log_probabilities.shape, log_probabilities.dtype) == ((0,), np.float32)


def test_draws_do_not_drift(golden):
    logits = np.linspace(-2, 2, num=60, dtype=np.float32).reshape(1, 60)
    params = sampling_params(temperature=0.9, top_p=0.95)
    ids = [int(sample_batch(logits, params, random_seed=7, step=step)[0][0]) for step in range(16)]
    golden("draws.txt", "\n".join(map(str, ids)) + "\n")


def test_any_parameters_draw_an_id_that_is_allowed():
    @given(batches(), st.floats(), st.integers(-(2**31), 2**31 - 1), st.floats(), st.floats(), SEEDS)
    def check(batch, temperature, top_k, top_p, min_p, random_seed):
        logits, bias = batch
        params = sampling_params(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
        ids, _ = sample_batch(logits, params, random_seed=random_seed, bias=bias)
        for row, drawn in enumerate(ids):
            assert 0 <= drawn < logits.shape[1]
            assert logits[row, drawn] > -np.inf
            assert bias is None or bias[drawn] > -np.inf

    check()


def test_params_are_values():
    params = sampling_params(temperature=0.9, top_k=5)
    assert params == sampling_params(top_k=5, temperature=0.9)
    assert hash(params) == hash(sampling_params(top_k=5, temperature=0.9))
    assert params != sampling_params(temperature=0.9)
    assert params != "params"
    assert (params.temperature, params.top_k, params.top_p, params.min_p) == (0.9, 5, 1.0, 0.0)
    assert eval(repr(params), {"SamplingParams": _core.SamplingParams}) == params
    with pytest.raises(AttributeError):
        params.top_k = 6


def test_params_are_given_by_name():
    with pytest.raises(TypeError):
        sampling_params(0.9)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, np.nan], "id 1 has the logit nan"),
        ([np.inf, 0], "id 0 has the logit inf"),
        ([-np.inf, -np.inf], "every one of the 2 ids is forbidden"),
    ],
)
def test_a_row_that_is_no_distribution_is_an_error(values, message):
    logits = np.array([[0, 0], values], dtype=np.float32)
    with pytest.raises(_core.Error, match=message):
        sample_batch(logits, sampling_params(), random_seed=0)


@pytest.mark.parametrize(
    "logits",
    [
        np.zeros((1, 3)),
        np.zeros((1, 3), dtype=np.int32),
        np.zeros((1, 6), dtype=np.float32)[:, ::2],
        [[0.0, 0.0]],
    ],
    ids=["float64", "int32", "strided", "list"],
)
def test_logits_are_not_converted_in_silence(logits):
    with pytest.raises(TypeError):
        sample_batch(logits, sampling_params(), random_seed=0)


@pytest.mark.parametrize("shape", [(3,), (1, 2, 3), (2, 0)])
def test_logits_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"logits must have shape \(batch, size\)"):
        sample_batch(np.zeros(shape, dtype=np.float32), sampling_params(), random_seed=0)


@pytest.mark.parametrize("shape", [(2,), (4,), (1, 3), (0,)])
def test_a_bias_of_another_shape_is_refused(shape):
    logits = np.zeros((1, 3), dtype=np.float32)
    with pytest.raises(ValueError, match=r"bias must have shape \(3,\)"):
        sample_batch(logits, sampling_params(), random_seed=0, bias=np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int8])
def test_a_bias_is_not_converted_in_silence(dtype):
    logits = np.zeros((1, 3), dtype=np.float32)
    with pytest.raises(TypeError):
        sample_batch(logits, sampling_params(), random_seed=0, bias=np.zeros(3, dtype=dtype))
