"""Seeds of one velocity are answered as performances (docs/musical-rules.md)."""

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.farm import Farm
from longplay.midi import NOTE

STYLES = ["unknown", "sequenced", "performed_roll"]
LOOSE = {"temperature": 3.0, "top_p": 1.0}


def seed(*velocities):
    return longplay.write_midi(np.array([(500 * i, 400, 60, v) for i, v in enumerate(velocities)], NOTE), 4)


FLAT, LIVELY = seed(64, 64, 64, 65), seed(64, 80, 50, 70)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)
    tiny_model.change_config(folder, lambda config: config["controls"][1].update(names=STYLES))
    return longplay.Engine(folder, num_threads=1)


def test_a_flat_seed_is_answered_in_the_performed_style(engine):
    answer = engine.generate(FLAT, 60, **LOOSE)
    asked = engine.generate(FLAT, 60, style="performed_roll", **LOOSE)
    assert answer.provenance.performed_style == "performed_roll"
    assert asked.provenance.performed_style is None
    np.testing.assert_array_equal(answer.events, asked.events)
    assert answer != engine.generate(FLAT, 60, dynamics="seed", **LOOSE)
    assert engine.regenerate(answer.provenance, FLAT) == answer


@pytest.mark.parametrize(
    ("source", "settings"),
    [(LIVELY, {}), (None, {}), (seed(), {}), (FLAT, {"dynamics": "seed"}), (FLAT, {"style": "sequenced"})],
)
def test_other_seeds_and_explicit_settings_are_left_alone(engine, source, settings):
    assert engine.generate(source, 10, **settings).provenance.performed_style is None


def test_a_model_without_a_performed_style_answers_as_it_does(tmp_path):
    engine = longplay.Engine(tiny_model.build(tmp_path, soft=True))
    assert engine.generate(FLAT, 10).provenance.performed_style is None


def test_what_continues_keeps_the_style(engine):
    piece = engine.generate(FLAT, 60, extendable=True, **LOOSE)
    assert engine.extend(piece.snapshot(), 60) == piece
    stream = engine.stream(FLAT, **LOOSE)
    for _ in range(20):
        next(stream)
    resumed = engine.resume(stream.snapshot())
    for _ in range(100):
        np.testing.assert_array_equal(next(stream), next(resumed))


def test_each_candidate_of_a_farm_has_the_style_of_its_seed(engine, tmp_path):
    paths = [tmp_path / "flat.mid", tmp_path / "lively.mid"]
    for path, data in zip(paths, (FLAT, LIVELY), strict=True):
        path.write_bytes(data)
    with Farm(engine, tmp_path / "farm", paths, 1, 30, **LOOSE) as farm:
        ranking = farm.run()
        found = [farm.plan.provenance_of(number) for number in range(2)]
    assert [one.performed_style for one in found] == ["performed_roll", None]
    for one in ranking:
        again = engine.regenerate(found[one.number], paths[one.number])
        assert again.to_bytes() == (tmp_path / "farm" / one.file).read_bytes()
