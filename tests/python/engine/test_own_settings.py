"""Candidates of one batch with settings of their own."""

from dataclasses import replace

import pytest
import tiny_model

import longplay

LOOSE = {"temperature": 3.0, "top_p": 1.0}  # the tiny model as free as it gets


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=2)


def test_each_candidate_may_have_settings_of_its_own(engine, seed):
    each = [{}, {"seconds": 45}, {"temperature": 0.5, "style": "ragtime", "random_seed": 7}]
    batch = list(engine.generate_batch([seed, None, seed], 30, each=each, extendable=True, **LOOSE))
    assert batch[0].to_bytes() == engine.generate(seed, 30, **LOOSE).to_bytes()
    assert [piece.duration for piece in batch] == [30, 45, 30]
    common = longplay.Settings(seconds=30, **LOOSE)
    assert [piece.provenance.settings for piece in batch] == [replace(common, **own) for own in each]
    for piece, answered in zip(batch, (seed, None, seed), strict=True):
        assert engine.regenerate(piece.provenance, answered).to_bytes() == piece.to_bytes()
        assert engine.extend(piece.snapshot(), piece.duration).to_bytes() == piece.to_bytes()
    assert len({piece.to_bytes() for piece in batch}) == 3
    with pytest.raises(ValueError, match="each must have an entry for each of 2 seeds, not 3"):
        engine.generate_batch([seed, None], each=each)
    with pytest.raises(ValueError, match=r"seconds must be in \[1, 86400\], not 0"):
        engine.generate_batch([seed, None], each=[{}, {"seconds": 0}])
