"""The style that answers a seed, if the settings name none (docs/musical-rules.md)."""

import numpy as np
import pytest
import tiny_model
from resuming import check_a_resumed_stream

import longplay
from longplay.farm import Farm
from longplay.midi import NOTE
from longplay.provenance import Provenance, SeedStyle

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
    assert answer.provenance.seed_style == SeedStyle("performed_roll", 3)
    assert asked.provenance.seed_style is None
    np.testing.assert_array_equal(answer.events, asked.events)
    assert answer != engine.generate(FLAT, 60, dynamics="seed", **LOOSE)
    assert engine.regenerate(answer.provenance, FLAT) == answer


@pytest.mark.parametrize(
    ("source", "settings"),
    [(LIVELY, {}), (None, {}), (seed(), {}), (FLAT, {"dynamics": "seed"}), (FLAT, {"style": "sequenced"})],
)
def test_other_seeds_and_explicit_settings_are_left_alone(engine, source, settings):
    assert engine.generate(source, 10, **settings).provenance.seed_style is None


def test_a_model_without_a_performed_style_answers_as_it_does(tmp_path):
    engine = longplay.Engine(tiny_model.build(tmp_path, soft=True))
    assert engine.generate(FLAT, 10).provenance.seed_style is None


def test_what_continues_keeps_the_style(engine):
    piece = engine.generate(FLAT, 60, extendable=True, **LOOSE)
    assert engine.extend(piece.snapshot(), 60) == piece
    check_a_resumed_stream(engine, engine.stream(FLAT, **LOOSE), 20, 100)


def test_each_candidate_of_a_farm_has_the_style_of_its_seed(engine, tmp_path):
    paths = [tmp_path / "flat.mid", tmp_path / "lively.mid"]
    for path, data in zip(paths, (FLAT, LIVELY), strict=True):
        path.write_bytes(data)
    with Farm(engine, tmp_path / "farm", paths, 1, 30, **LOOSE) as farm:
        ranking = farm.run()
        found = [farm.plan.provenance_of(number) for number in range(2)]
    assert [one.seed_style for one in found] == [SeedStyle("performed_roll", 3), None]
    for one in ranking:
        again = engine.regenerate(found[one.number], paths[one.number])
        assert again.to_bytes() == (tmp_path / "farm" / one.file).read_bytes()


@pytest.fixture(scope="module")
def recognising(tmp_path_factory):
    folder = tiny_model.build(tmp_path_factory.mktemp("recognising"), soft=True)
    tiny_model.change_config(folder, recognise)
    return longplay.Engine(folder, num_threads=1)


def recognise(config):
    config["format"] = 2
    config["controls"][1].update(names=STYLES, recognised_from=4)


def likeliest(engine, data):
    return min(engine.styles, key=lambda style: engine.score(data, style=style).total)


def test_a_style_is_recognised_by_the_likelihood_of_the_first_notes(recognising):
    random, found = np.random.default_rng(3), set()
    for _ in range(8):
        first = random.integers(40, 100, 4)
        style = likeliest(recognising, seed(*first))
        answer = recognising.generate(seed(*first, 64, 64), 20, dynamics="seed", **LOOSE)
        assert answer.provenance.seed_style == SeedStyle(style, 1)
        performed = recognising.generate(seed(*first, 64, 64), 20, **LOOSE)
        assert performed.provenance.seed_style == SeedStyle("performed_roll", 1)
        asked = recognising.generate(seed(*first, 64, 64), 20, style=style, guidance_scale=1, **LOOSE)
        assert np.array_equal(answer.events, asked.events)
        found.add(style)
    assert found == {"sequenced", "performed_roll"}


def test_a_performance_keeps_its_style(tmp_path):
    folder = tiny_model.build(tmp_path, soft=True)
    tiny_model.change_config(folder, recognise)
    tiny_model.change_config(folder, lambda c: c["controls"][1].update(names=["unknown", "transcribed", "performed"]))
    engine, random = longplay.Engine(folder, num_threads=1), np.random.default_rng(3)
    for _ in range(8):
        data = seed(*random.integers(40, 100, 4))
        assert engine.generate(data, 5).provenance.seed_style == SeedStyle(likeliest(engine, data), 1)


def test_a_flat_seed_is_performed_without_guidance_where_styles_are_recognised(recognising):
    assert recognising.generate(FLAT, 10).provenance.seed_style == SeedStyle("performed_roll", 1)
    as_it_is = recognising.generate(FLAT, 10, dynamics="seed").provenance.seed_style
    assert as_it_is == SeedStyle(likeliest(recognising, FLAT), 1)


@pytest.mark.parametrize(("source", "settings"), [(None, {}), (seed(), {}), (LIVELY, {"style": "sequenced"})])
def test_no_style_is_recognised_without_notes_or_if_one_is_named(recognising, source, settings):
    assert recognising.generate(source, 10, **settings).provenance.seed_style is None


def test_a_batch_recognises_the_style_of_a_seed_once(recognising):
    data, before = seed(70, 50, 90), recognising.statistics().row_steps
    list(recognising.generate_batch([data] * 5, 10))
    many = recognising.statistics().row_steps - before
    list(recognising.generate_batch([data] * 5, 10))
    assert recognising.statistics().row_steps - before - many == many - 2 * 3


def test_a_provenance_keeps_the_style_of_the_seed(recognising):
    piece = recognising.generate(LIVELY, 20, **LOOSE)
    kept = Provenance.from_dict(piece.provenance.as_dict())
    assert kept == piece.provenance
    assert kept.seed_style is not None
    assert recognising.regenerate(kept, LIVELY) == piece
    with pytest.raises(ValueError, match=r"guidance_scale must be in \[1, 20\], not 0"):
        SeedStyle("sequenced", 0)


def test_a_seed_that_cannot_be_read_is_refused_as_ever(recognising):
    with pytest.raises(longplay.MidiError):
        recognising.generate(b"MThd", 10)


@pytest.mark.parametrize("count", [-1, 4097])
def test_a_number_of_notes_out_of_range_is_refused(tmp_path, count):
    folder = tiny_model.build(tmp_path, soft=True)
    tiny_model.change_config(folder, lambda c: (recognise(c), c["controls"][1].update(recognised_from=count)))
    with pytest.raises(longplay.ModelError, match=rf"recognised_from must be in \[0, 4096\], not {count}"):
        longplay.Engine(folder)


def test_recognition_needs_format_2(tmp_path):
    folder = tiny_model.build(tmp_path, soft=True)
    tiny_model.change_config(folder, lambda c: (recognise(c), c.update(format=1)))
    with pytest.raises(longplay.ModelError, match=r"controls\[1\]\.recognised_from needs format 2"):
        longplay.Engine(folder)
