"""The batch loop, held to a model whose every event a few lines of Python predict."""

import numpy as np
import pytest
import tiny_model
from core_calls import generate_events, sampling_params

from longplay import _core
from longplay._model.folder import load_model
from longplay._model.runtime import library_path

GREEDY = [sampling_params(temperature=0)] * 4
NO_BIAS: list[list[float]] = [[], [], [], []]
NO_END = [[0.0] * tiny_model.END + [float("-inf")], [], [], []]
UNKNOWN = list(tiny_model.UNKNOWN_CONTROL)
NOTHING = np.empty((0, 4), np.int32)


@pytest.fixture(scope="module")
def runtime():
    return _core.Runtime(str(library_path()))


@pytest.fixture(scope="module")
def sharp(tmp_path_factory):
    return load_model(tiny_model.build(tmp_path_factory.mktemp("sharp"))).files


@pytest.fixture(scope="module")
def soft(tmp_path_factory):
    return load_model(tiny_model.build(tmp_path_factory.mktemp("soft"), soft=True)).files


@pytest.fixture
def generate(runtime):
    def run(files, prompts, max_events, **settings):
        settings = {"params": GREEDY, "bias": NO_BIAS, "controls": UNKNOWN} | settings
        return generate_events(runtime, files, prompts, max_events, **settings)

    return run


def test_events_are_those_the_model_predicts(generate, sharp):
    [(events, _, _)] = generate(sharp, [NOTHING], [500], bias=NO_END)
    assert [tuple(event) for event in events] == tiny_model.Predictor().greedy(500)


def test_a_prompt_is_prefilled_before_the_first_event_is_drawn(generate, sharp):
    prompt = np.array([[3, 1, 0, 2], [0, 5, 3, 1], [2, 2, 2, 2]], np.int32)
    predictor = tiny_model.Predictor()
    last = tiny_model.START_EVENT
    for event in prompt:
        predictor.step(last)
        last = tuple(event)
    expected = []
    for _ in range(50):
        last = predictor.next_event(last, allow_end=False)
        expected.append(last)
    [(events, _, _)] = generate(sharp, [prompt], [50], bias=NO_END)
    assert [tuple(event) for event in events] == expected


def test_controls_are_inputs_of_every_step(generate, sharp):
    [(events, _, _)] = generate(sharp, [NOTHING], [100], bias=NO_END, controls=[2, 1])
    assert [tuple(event) for event in events] == tiny_model.Predictor().greedy(100, (2, 1))


@pytest.mark.parametrize("rows", [2, 7, 64])
def test_a_candidate_is_the_same_alone_and_in_any_batch(generate, soft, rows):
    rng = np.random.default_rng(7)
    lengths = [int(n) for n in rng.integers(0, 90, 40)]  # slots run dry and are refilled at odd times
    prompts = [rng.integers(0, [8, 12, 4, 6], (int(n), 4), dtype=np.int32) for n in rng.integers(0, 30, 40)]
    settings = {"params": [sampling_params(top_p=0.9)] * 4, "random_seed": 5}
    together = generate(soft, prompts, lengths, rows=rows, **settings)
    for candidate in range(40):
        [alone] = generate(soft, [prompts[candidate]], [lengths[candidate]], first_candidate=candidate, **settings)
        for ours, theirs in zip(alone, together[candidate], strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert len(alone[0]) == lengths[candidate]


GUIDED = {"controls": [2, 1], "guidance_scale": 2.5}


def guided_log_probabilities(events):
    """Return the log-probabilities of a model with the controls of GUIDED, before any filter."""
    conditional, unconditional = tiny_model.Predictor(soft=True), tiny_model.Predictor(soft=True)
    last, rows = tiny_model.START_EVENT, []
    for event in events:
        pairs = [(conditional.step(last, GUIDED["controls"]), unconditional.step(last))]
        pairs += [(conditional.head(event[:field]), unconditional.head(event[:field])) for field in range(1, 4)]
        logits = [np.add(without, 2.5 * np.subtract(with_, without)) for with_, without in pairs]
        rows.append([row[drawn] - np.logaddexp.reduce(row) for row, drawn in zip(logits, event, strict=True)])
        last = tuple(event)
    return rows


def test_guidance_multiplies_what_the_controls_change(generate, soft):
    params = [sampling_params()] * 4
    [(events, log_probabilities, _)] = generate(soft, [NOTHING], [100], params=params, rows=2, **GUIDED)
    np.testing.assert_allclose(log_probabilities, guided_log_probabilities(events.tolist()), atol=1e-5)


@pytest.mark.parametrize("rows", [2, 3, 7, 64])
def test_a_guided_candidate_is_the_same_alone_and_in_any_batch(generate, soft, rows):
    rng = np.random.default_rng(8)
    lengths = [int(n) for n in rng.integers(0, 60, 30)]
    prompts = [rng.integers(0, [8, 12, 4, 6], (int(n), 4), dtype=np.int32) for n in rng.integers(0, 30, 30)]
    settings = {"params": [sampling_params(top_p=0.9)] * 4, "random_seed": 5} | GUIDED
    together = generate(soft, prompts, lengths, rows=rows, **settings)
    for candidate in range(30):
        alone = generate(
            soft, [prompts[candidate]], [lengths[candidate]], first_candidate=candidate, rows=2, **settings
        )
        for ours, theirs in zip(alone[0], together[candidate], strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_guidance_takes_a_second_row_only_with_a_condition(generate, soft):
    [(plain, _, _)] = generate(soft, [NOTHING], [50])
    [(unconditional, _, _)] = generate(soft, [NOTHING], [50], guidance_scale=2.5)
    np.testing.assert_array_equal(unconditional, plain)
    with pytest.raises(ValueError, match=r"rows must be at least 2 for a guided request, not 1"):
        generate(soft, [NOTHING], [50], **GUIDED)


def test_every_guidance_scale_has_a_meaning(generate, soft):
    params = [sampling_params()] * 4
    [(unconditional, _, _)] = generate(soft, [NOTHING], [50], params=params)
    [(conditional, _, _)] = generate(soft, [NOTHING], [50], params=params, controls=GUIDED["controls"])
    for scale, expected in [(0, unconditional), (1, conditional)]:
        guided = GUIDED | {"guidance_scale": scale}
        [(events, _, _)] = generate(soft, [NOTHING], [50], params=params, rows=2, **guided)
        np.testing.assert_array_equal(events, expected)
    generate(soft, [NOTHING], [50], params=params, rows=2, **GUIDED | {"guidance_scale": -5})
    for scale in (float("nan"), float("inf")):
        with pytest.raises(_core.Error, match="logits must be below"):
            generate(soft, [NOTHING], [50], params=params, rows=2, **GUIDED | {"guidance_scale": scale})


def test_candidates_and_random_seeds_differ(generate, soft):
    params = [sampling_params()] * 4
    [(one, _, _), (two, _, _)] = generate(soft, [NOTHING] * 2, [50, 50], params=params)
    [(three, _, _)] = generate(soft, [NOTHING], [50], params=params, random_seed=1)
    assert not np.array_equal(one, two)
    assert not np.array_equal(one, three)


def test_log_probabilities_are_the_models_own(generate, soft):
    params = [sampling_params(temperature=0.7, top_k=3)] * 4
    [(events, log_probabilities, _)] = generate(soft, [NOTHING], [60], params=params)
    assert len(events) == 60
    expected = tiny_model.Predictor(soft=True).log_probabilities(events.tolist())
    np.testing.assert_allclose(log_probabilities, expected, atol=1e-5)


def test_a_scored_prompt_gets_the_log_probabilities_it_would_be_drawn_with(generate, soft):
    [(events, log_probabilities, _)] = generate(soft, [NOTHING], [60], params=[sampling_params()] * 4)
    [(none, _, scored)] = generate(soft, [events], [0], score_prompt=True)
    assert len(none) == 0
    np.testing.assert_array_equal(scored, log_probabilities)


def test_a_token_model_runs_too(generate, tmp_path):
    files = load_model(tiny_model.build_token(tmp_path)).files
    nothing = np.empty((0, 1), np.int32)
    settings = {"params": GREEDY[:1], "bias": [[]], "controls": []}
    [(events, _, _)] = generate(files, [nothing], [300], **settings)
    assert events[:, 0].tolist() == tiny_model.TokenPredictor().greedy(300)


def test_what_does_not_fit_the_model_is_named(generate, sharp):
    with pytest.raises(ValueError, match=r"pitch of prompt event 1 must be in \[0, 11\], not 12"):
        generate(sharp, [np.array([[0, 0, 0, 0], [0, 12, 0, 0]], np.int32)], [1])
    with pytest.raises(ValueError, match=r"bias of time_shift must have 9 entries, not 2"):
        generate(sharp, [NOTHING], [1], bias=[[0.0, 0.0], [], [], []])
    with pytest.raises(ValueError, match=r"control style must be in \[0, 2\], not 3"):
        generate(sharp, [NOTHING], [1], controls=[0, 3])
