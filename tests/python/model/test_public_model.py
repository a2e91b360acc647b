"""`longplay.Model`: the logits are the model's, and a row can be saved, loaded and reset."""

import numpy as np
import pytest
import tiny_model

import longplay


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


@pytest.fixture
def model(folder):
    return longplay.Model(folder, max_batch=2)


def start(model, rows):
    return np.array([model.start_event] * rows), np.array([model.unknown_controls] * rows)


def test_it_says_what_it_is(model, folder):
    assert (model.path, model.config["name"], model.max_batch) == (folder, "tiny", 2)
    assert model.fields == ("time_shift", "pitch", "velocity", "duration")
    assert model.start_event == tuple(tiny_model.START_EVENT)
    assert model.unknown_controls == tuple(tiny_model.UNKNOWN_CONTROL)
    assert model.hash == longplay.Engine(folder).model_hash
    assert model.state_bytes == len(model.save(0))
    assert model.sampling(longplay.Settings(top_p=0.5))[1]["top_p"] == 0.5


def test_a_reset_row_restarts_and_a_loaded_row_resumes(model):
    events, controls = start(model, 2)
    first = model.step(events, controls)
    assert first.shape == (2, tiny_model.SIZES[0])
    assert model.head(2, np.zeros((2, 2), np.int64)).shape == (2, tiny_model.SIZES[2])
    saved = model.save(1)
    second = model.step(events, controls)
    model.reset(0)
    model.load(1, saved)
    np.testing.assert_array_equal(model.step(events, controls), [first[0], second[1]])
    assert model.run_seconds > 0


def test_events_are_scored_as_an_engine_scores_them(model, folder):
    events = model.generate_events(50, random_seed=3)
    assert events.shape == (50, 4)
    assert (events != model.generate_events(50, random_seed=4)).any()
    expected = tiny_model.Predictor(soft=True).log_probabilities(events.tolist())
    np.testing.assert_allclose(model.score_events(events), expected, atol=1e-4)
    np.testing.assert_array_equal(model.generate_events(20, events[:30], random_seed=3)[:, 0].shape, (20,))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_batch": 0}, ValueError, r"max_batch must be in \[1, 4096\], not 0"),
        ({"max_batch": True}, TypeError, "max_batch must be an integer, not True"),
        ({"device": "auto"}, ValueError, "device must be 'cpu', 'cuda' or 'cuda:N', not 'auto'"),
        ({"device": "tpu"}, ValueError, "device must be"),
    ],
)
def test_bad_arguments_are_refused(folder, arguments, error, message):
    with pytest.raises(error, match=message):
        longplay.Model(folder, **arguments)


def test_bad_calls_are_refused(model):
    events, controls = start(model, 3)
    with pytest.raises(ValueError, match=r"must be in \[0, 1\], not 2"):
        model.step(events, controls)
    with pytest.raises(TypeError, match="sampling must name temperature, top_k, top_p, min_p, not 'heat'"):
        model.generate_events(1, heat=2)
    with pytest.raises(ValueError, match=r"top_p must be in \(0, 1\], not 2"):
        model.generate_events(1, top_p=2)
    with pytest.raises(ValueError, match="state"):
        model.load(0, b"nothing")
