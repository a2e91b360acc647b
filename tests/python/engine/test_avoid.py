"""Pieces that do not quote a training set, with a model that knows three pitches and so quotes all the time."""

import dataclasses
import gc
import json

import numpy as np
import onnx
import pytest
import tiny_model
from command import run

import longplay
from longplay.farm import Farm, worker
from longplay.midi import NOTE
from longplay.originality import Index, TrainingFile, compare

LOOSE = {"temperature": 3.0, "top_p": 1.0, "top_k": {"pitch": 3}, "steady": False, "two_hands": False, "key": "free"}
SEED = longplay.write_midi(np.array([(0, 400, 60, 64), (500, 400, 64, 64), (1000, 900, 67, 96)], NOTE), 10)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)
    model = onnx.load(folder / "head_1.onnx")  # of pitches: it likes the same ones, whatever came before
    [table] = [tensor for tensor in model.graph.initializer if tensor.dims == [tiny_model.KEYS, 12]]
    rows = np.tile(onnx.numpy_helper.to_array(table)[3], (tiny_model.KEYS, 1))
    table.CopyFrom(onnx.numpy_helper.from_array(rows, table.name))
    onnx.save(model, folder / "head_1.onnx")
    return longplay.Engine(folder, num_threads=2)


@pytest.fixture(scope="module")
def free(engine):
    """Generate a piece without an index, with chords in any order."""
    return engine.generate(SEED, 300, **LOOSE)


@pytest.fixture(scope="module")
def files(engine, free):
    others = engine.generate_batch([SEED] * 8, 300, random_seed=1, **LOOSE)
    return [TrainingFile(f"{number}.mid", "free", piece.to_bytes()) for number, piece in enumerate([free, *others])]


@pytest.fixture(scope="module")
def index(files):
    return Index.build(files, calibration=1)


def transposed(midi):
    notes = longplay.read_midi(midi)
    notes["pitch"] += 1
    return longplay.write_midi(notes, 300)


def longest_run(piece, index):
    runs = compare(piece.to_bytes(), index, top=1).longest_runs
    return runs[0].notes if runs else 0


def test_no_twelve_notes_in_a_row_follow_what_is_avoided(engine, free, index):
    assert longest_run(free, index) == len(free.notes)
    piece = engine.generate(SEED, 300, avoid=index, **LOOSE)
    assert longest_run(piece, index) == 11
    assert piece.refusals > 10
    assert free.refusals == 0


def test_a_piece_is_the_same_up_to_its_first_refusal(engine, free, index):
    piece = engine.generate(SEED, 300, avoid=index, **LOOSE)
    shared = np.flatnonzero((free.events[:100] != piece.events[:100]).any(axis=1))[0]
    assert shared >= 11
    assert free.events[shared, 0] == piece.events[shared, 0]
    assert free.events[shared, 1] != piece.events[shared, 1]
    np.testing.assert_array_equal(piece.events, engine.generate(SEED, 300, avoid=index, **LOOSE).events)


def test_a_piece_that_quotes_nothing_is_as_it_is_without(engine, free):
    far = longplay.write_midi(np.array([(i * 400, 200, 20 + 7 * (i % 13), 64) for i in range(40)], NOTE), 20)
    other = Index.build([TrainingFile("far", "far", far)], calibration=1)
    piece = engine.generate(SEED, 300, avoid=other, **LOOSE)
    assert piece.refusals == 0
    assert piece.to_bytes() == free.to_bytes()


def test_refusals_depend_on_nothing_else_in_the_batch(engine, index):
    alone = engine.generate(SEED, 120, avoid=index, **LOOSE)
    seeds = [SEED, None, SEED, SEED, None]
    batch = list(engine.generate_batch(seeds, 120, avoid=index, **LOOSE))
    assert batch[0].to_bytes() == alone.to_bytes()
    assert batch[0].refusals == alone.refusals
    for piece, seed in zip(batch, seeds, strict=True):  # each in the first row
        assert engine.regenerate(piece.provenance, seed, avoid=index).to_bytes() == piece.to_bytes()
    assert len({piece.to_bytes() for piece in batch}) == 5
    assert max(longest_run(piece, index) for piece in batch) <= 11


def test_the_seed_of_a_piece_that_begins_with_it_counts(engine, free, index):
    """The index continues the seed: the first drawn note must not be the next note of the index."""
    begun = free.notes[:11]
    seed = longplay.write_midi(begun, 60)
    drawn = [
        engine.generate(seed, 60, include_seed=True, avoid=avoid, random_seed=number, **LOOSE).notes
        for avoid in (None, index)
        for number in range(30)
    ]
    went_on = [int(notes["pitch"][11]) == int(free.notes["pitch"][11]) for notes in drawn]
    assert sum(went_on[:30]) > 0
    assert sum(went_on[30:]) == 0


def test_a_piece_that_could_only_quote_is_an_error(engine):
    """The index continues the seed with every pitch that the model has."""
    begun = np.array([(250 * i, 200, 48 + 2 * (i % 5), 64) for i in range(11)], NOTE)
    nexts = [np.array([(2750, 200, pitch, 64)], NOTE) for pitch in tiny_model.FIELDS[1]["values"]]
    ways = [longplay.write_midi(np.concatenate([begun, note]), 4) for note in nexts]
    every = Index.build([TrainingFile(str(i), str(i), way) for i, way in enumerate(ways)], calibration=1)
    options = {"include_seed": True, **LOOSE}
    begins = longplay.write_midi(begun, 60)
    later = [seed for seed in range(20) if engine.generate(begins, 60, random_seed=seed, **options).events[0, 0] > 0]
    assert len(later) > 5
    for seed in later:
        with pytest.raises(longplay.Error, match=r"candidate 0 cannot continue after .* ms: every pitch that is left"):
            engine.generate(begins, 60, avoid=every, random_seed=seed, **options)


def test_an_extended_piece_avoids_on_and_counts_on(engine, index):
    piece = engine.generate(SEED, 120, avoid=index, extendable=True, **LOOSE)
    same = engine.extend(piece.snapshot(), 120, avoid=index)
    assert same.to_bytes() == piece.to_bytes()
    assert same.refusals == piece.refusals
    longer = engine.extend(piece.snapshot(), 300, avoid=index)
    assert longest_run(longer, index) <= 11
    assert longer.refusals > piece.refusals


def test_a_piece_says_what_it_avoided_and_is_extended_with_that_alone(engine, index):
    piece = engine.generate(SEED, 30, avoid=index, extendable=True, **LOOSE)
    assert piece.provenance.index_hash == index.hash
    with pytest.raises(ValueError, match=f"avoid must be the index of hash '{index.hash}', as in"):
        engine.extend(piece.snapshot(), 60)
    free = engine.generate(SEED, 30, extendable=True, **LOOSE)
    assert free.provenance == dataclasses.replace(piece.provenance, index_hash=None)
    with pytest.raises(ValueError, match="avoid must be None, as in the piece's provenance, not the index of hash"):
        engine.extend(free.snapshot(), 60, avoid=index)


def test_the_hash_of_an_index_is_of_its_notes_alone(files, index, tmp_path):
    index.save(tmp_path / "saved.index")
    assert Index.open(tmp_path / "saved.index").hash == index.hash
    renamed = [dataclasses.replace(file, name=f"other {file.name}") for file in files]
    assert Index.build(renamed, calibration=1).hash == index.hash
    assert Index.build(files[:-1], calibration=1).hash != index.hash
    other = dataclasses.replace(files[0], data=transposed(files[0].data))
    assert Index.build([other, *files[1:]], calibration=1).hash != index.hash


def test_an_index_lives_as_long_as_what_is_made_with_it(engine, files, index):
    expected = [piece.to_bytes() for piece in engine.generate_batch([SEED] * 2, 120, avoid=index, **LOOSE)]
    mortal = Index.build(files, calibration=1)
    pieces = engine.generate_batch([SEED] * 2, 120, avoid=mortal, **LOOSE)
    del mortal
    gc.collect()
    assert [piece.to_bytes() for piece in pieces] == expected


def test_the_commands_avoid_an_index_and_say_how_often(tmp_path):
    (tmp_path / "seed.mid").write_bytes(SEED)
    model = tiny_model.build(tmp_path / "tiny", soft=True)
    free = longplay.Engine(model).generate(SEED, 60).to_bytes()
    index = Index.build([TrainingFile("free", "free", free)], calibration=1)
    index.save(tmp_path / "training.index")
    options = ["--seconds", 60, "--model", model, "--avoid", tmp_path / "training.index"]
    done = run("generate", tmp_path / "seed.mid", *options, "--out", tmp_path / "one.mid")
    expected = longplay.Engine(model).generate(SEED, 60, avoid=index)
    assert expected.refusals > 0
    assert (tmp_path / "one.mid").read_bytes() == expected.to_bytes()
    assert done.stdout == f"{tmp_path / 'one.mid'}\n"
    warning = f"{expected.refusals} notes would have quoted the index, so the engine drew them again"
    assert done.stderr == f"longplay: {tmp_path / 'one.mid'}: {warning}\n"
    batch = ["batch", tmp_path / "seed.mid", "--count", 2, *options, "--out", tmp_path / "many"]
    lines = [json.loads(line) for line in run(*batch, "--json").stdout.splitlines()]
    assert [line["provenance"]["index_hash"] for line in lines] == [index.hash] * 2
    refusals = {line["number"]: line["refusals"] for line in lines}
    assert refusals[0] == expected.refusals
    table = run(*batch).stdout
    counts = [line.split()[2:4] for line in table.splitlines()[2:4]]
    assert counts == [[str(line["notes"]), str(line["refusals"])] for line in lines]
    assert "refusals: notes that would have quoted the index" in table


def test_a_farm_avoids_as_a_batch_does_also_after_it_resumes(engine, index, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "REPORT_SECONDS", 0)
    seed = tmp_path / "seed.mid"
    seed.write_bytes(SEED)

    def farm(folder, avoid=index):
        return Farm(engine, tmp_path / folder, [seed], 2, 600, avoid=avoid, **LOOSE)

    def stop(now):
        if now.seconds > 300:
            raise InterruptedError

    with farm("farm") as broken_off, pytest.raises(InterruptedError):
        broken_off.run(stop)
    with farm("farm") as gone_on:
        ranking = gone_on.run()
    pieces = list(engine.generate_batch([seed] * 2, 600, avoid=index, **LOOSE))
    assert [(tmp_path / "farm" / f"seed-000{i}.mid").read_bytes() for i in range(2)] == [
        piece.to_bytes() for piece in pieces
    ]
    assert {one.number: one.measures.refusals for one in ranking} == dict(enumerate(one.refusals for one in pieces))
    with pytest.raises(longplay.Error, match="another command: its avoid is"):
        farm("farm", None)
