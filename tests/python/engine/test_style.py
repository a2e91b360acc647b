"""A style that is asked for, and how closely a piece follows it."""

import numpy as np
import pytest
import tiny_model
from resuming import check_a_resumed_stream

import longplay
from longplay._making.job import pieces
from longplay.engine import planner_of
from longplay.midi import NOTE
from longplay.settings import Settings

LOOSE = {"temperature": 3.0, "top_p": 1.0}
GUIDED = {"style": "ragtime", "guidance_scale": 4.0} | LOOSE
SEED = longplay.write_midi(np.array([(0, 400, 60, 64), (500, 400, 64, 64)], dtype=NOTE), 2)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=2)


def test_guidance_changes_a_piece_with_a_style_and_no_other(engine):
    def events(**asked):
        return engine.generate(SEED, 60, **LOOSE | asked).events.tolist()

    assert events() == events(guidance_scale=4.0)
    strengths = [events(style="ragtime", guidance_scale=scale) for scale in (1.0, 2.0, 4.0)]
    assert len({str(each) for each in [events(), *strengths]}) == 4


@pytest.mark.parametrize("num_threads", [1, 2, 3])
def test_a_guided_piece_is_the_same_in_any_batch(engine, tmp_path, num_threads):
    other = longplay.Engine(tiny_model.build(tmp_path, soft=True), num_threads=num_threads)
    batch = list(other.generate_batch([SEED, None, SEED, SEED, None], 90, **GUIDED))
    assert batch[0].to_bytes() == engine.generate(SEED, 90, **GUIDED).to_bytes()
    assert batch[0].to_bytes() != batch[2].to_bytes()
    whole = engine.generate_batch([SEED, None, SEED, SEED, None], 90, **GUIDED)
    assert [piece.to_bytes() for piece in batch] == [piece.to_bytes() for piece in whole]


def test_pieces_with_and_without_a_style_are_made_together_as_alone(engine):
    """As the core takes them: of one batch, settings may differ from row to row, and lengths."""
    asked = [(GUIDED, 40), (LOOSE, 90), (GUIDED, 70), (LOOSE, 30), (LOOSE, 60), (GUIDED, 20), (GUIDED, 50)]
    planner = planner_of(engine)
    tasks = [
        planner.generate_task(SEED, Settings(seconds=seconds, **settings), candidate)
        for candidate, (settings, seconds) in enumerate(asked)
    ]

    def made(some):
        return [piece.to_bytes() for piece in pieces(planner.start(some, None), some, None, None, None)]

    assert made(tasks) == [made([task])[0] for task in tasks]


def test_a_guided_stream_resumes_from_its_snapshot_to_the_bit(engine):
    check_a_resumed_stream(engine, engine.stream(SEED, **GUIDED), 40, 200)


@pytest.mark.parametrize("recital", [True, False])
def test_a_guided_piece_extended_to_its_own_length_is_the_same_piece(engine, recital):
    piece = engine.generate(SEED, 700, extendable=True, recital=recital, **GUIDED)
    assert engine.extend(piece.snapshot(), 700).to_bytes() == piece.to_bytes()
    assert engine.generate(SEED, 700, recital=recital, **GUIDED).to_bytes() == piece.to_bytes()


@pytest.mark.parametrize("scale", [0.9, 20.1, float("nan")])
def test_a_guidance_out_of_range_is_named(scale):
    with pytest.raises(ValueError, match=r"guidance_scale must be in \[1, 20\], not"):
        Settings(guidance_scale=scale)
