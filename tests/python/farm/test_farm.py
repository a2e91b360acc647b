"""A farm: the same files through any interruption, the best kept, other commands refused."""

import contextlib
import itertools
import json
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from farm_files import LOOSE, files

import longplay
import longplay.farm as farm_package
from longplay.farm import Farm, worker
from longplay.farm.manifest import Manifest
from longplay.files import whole_file
from longplay.midi import NOTE
from longplay.provenance import Provenance

RUNNER = Path(__file__).parents[1] / "support" / "farm_runner.py"


class StopError(Exception):
    pass


@pytest.fixture
def seeds(tmp_path):
    paths = [tmp_path / "first.mid", tmp_path / "second.mid"]
    for pitch, path in zip((60, 64), paths, strict=True):
        path.write_bytes(longplay.write_midi(np.array([(0, 500, pitch, 64), (500, 500, 67, 64)], NOTE), 2))
    return paths


@pytest.fixture
def often(monkeypatch):
    """Snapshots all the time."""
    monkeypatch.setattr(worker, "REPORT_SECONDS", 0)


def stop_after(seconds):
    """Progress that breaks a farm off once there is so much music."""

    def progress(now):
        if now.seconds >= seconds:
            raise StopError

    return progress


def manifest(folder, query):
    with sqlite3.connect(folder / "manifest.sqlite") as database:
        rows = database.execute(query).fetchall()
    database.close()
    return rows


def test_its_candidates_are_the_pieces_of_generate_batch(engine, seeds, tmp_path):
    with Farm(engine, tmp_path / "farm", seeds, 3, 60, random_seed=5, **LOOSE) as farm:
        farm.run()
    sources = [seed for seed in seeds for _ in range(3)]
    pieces = engine.generate_batch(sources, 60, random_seed=5, **LOOSE)
    names = [f"{seed.stem}-{number:04d}.mid" for number, seed in enumerate(sources)]
    assert files(tmp_path / "farm") == {name: piece.to_bytes() for name, piece in zip(names, pieces, strict=True)}


@pytest.mark.parametrize("asked", [{}, {"recital": False}, {"include_seed": True}])
def test_a_farm_that_was_broken_off_anywhere_ends_with_the_same_files(engine, seeds, tmp_path, often, asked):
    arguments = (seeds, 3, 1200)
    with Farm(engine, tmp_path / "whole", *arguments, **asked, **LOOSE) as farm:
        whole = farm.run()
    for seconds in (0, 500, 2000, 4500, 7000):
        with Farm(engine, tmp_path / "again", *arguments, **asked, **LOOSE) as farm, pytest.raises(StopError):
            farm.run(stop_after(seconds))
    with Farm(engine, tmp_path / "again", *arguments, **asked, **LOOSE) as farm:
        assert farm.run() == whole
    assert files(tmp_path / "again") == files(tmp_path / "whole")
    assert manifest(tmp_path / "again", "SELECT * FROM drawn") == []
    assert (tmp_path / "again" / "manifest.sqlite").stat().st_size < 50_000


def test_a_resumed_farm_repeats_no_work(engine, seeds, tmp_path, often, monkeypatch):
    def drawn(progress=None):
        updates = []
        with Farm(engine, tmp_path / "farm", seeds, 2, 3600, **LOOSE) as farm, contextlib.suppress(StopError):
            farm.run(lambda now: (updates.append(now), progress and progress(now)))
        return updates

    first = drawn(stop_after(8000))
    monkeypatch.setattr(worker, "REPORT_SECONDS", 3600)  # the first update is a piece
    second = drawn()
    assert second[0].seconds >= first[-1].seconds >= 8000
    events = sum(len(piece.events) for piece in engine.generate_batch(np.repeat(seeds, 2), 3600, **LOOSE))
    assert first[-1].drawn + second[-1].drawn == events
    assert (second[-1].pieces, second[-1].count, second[-1].seconds, second[-1].total_seconds) == (4, 4, 14400, 14400)


def test_a_farm_killed_at_random_moments_ends_with_the_same_files(model, engine, seeds, tmp_path):
    count, seconds = 6, 28_800
    with Farm(engine, tmp_path / "whole", seeds[:1], count, seconds, **LOOSE) as farm:
        farm.run()
    expected, folder = files(tmp_path / "whole"), tmp_path / "killed"
    command = [sys.executable, RUNNER, model, folder, seeds[0], count, seconds, 0.05]
    moments = random.Random(7)
    made = kills = 0
    while True:
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
            lines = [line for _, line in zip(range(moments.randint(2, 4)), process.stdout, strict=False)]
            time.sleep(moments.random() / 10)
            process.kill()
        assert lines
        assert all(expected[name] == data for name, data in files(folder).items())
        # The first update of a run reports what the run before had written.
        assert int(lines[0].split()[1]) >= made
        made = int(lines[-1].split()[1])
        if (folder / "ranking.json").exists():
            break
        kills += 1
    assert kills >= 3
    assert files(folder) == expected
    assert not [path for path in folder.iterdir() if path.suffix == ".part"]


def test_no_thread_outlives_a_farm_that_is_broken_off(engine, seeds, tmp_path, often):
    with Farm(engine, tmp_path / "farm", seeds, 2, 86_400, **LOOSE) as farm:
        before = engine.statistics().row_steps
        with pytest.raises(StopError) as held:
            farm.run(stop_after(0))
    assert held.tb is not None  # it holds what was at work
    assert engine.statistics().row_steps > before  # counted when threads end


@pytest.mark.parametrize(
    ("step", "times"),
    [
        ((farm_package, "write_whole"), 6),  # five pieces, one ranking
        ((Path, "replace"), 6),
        ((Manifest, "finish"), 5),
        ((Manifest, "save"), 5),
        ((Path, "unlink"), 3),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_farm_that_dies_at_any_write_ends_with_the_same_files(
    engine, seeds, tmp_path, monkeypatch, step, times, before
):
    def run(folder):
        with Farm(engine, tmp_path / folder, seeds[:1], 5, 60, keep=2, **LOOSE) as farm:
            return farm.run()

    owner, name = step
    pieces = {piece.to_bytes() for piece in engine.generate_batch(seeds[:1] * 5, 60, **LOOSE)}
    whole, real = run("whole"), getattr(owner, name)
    for time_of_death in range(times):
        calls = itertools.count()

        def die(*arguments, calls=calls, time_of_death=time_of_death, **options):
            if next(calls) != time_of_death:
                return real(*arguments, **options)
            if not before:
                real(*arguments, **options)
            raise StopError

        folder = f"died {time_of_death}"
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, die)
            with pytest.raises(StopError):
                run(folder)
        assert set(files(tmp_path / folder).values()) <= pieces
        assert run(folder) == whole
        assert files(tmp_path / folder) == files(tmp_path / "whole")


def test_only_the_best_keep_their_files_and_others_can_be_regenerated(engine, seeds, tmp_path):
    def run(keep):
        with Farm(engine, tmp_path / "farm", seeds, 4, 60, keep=keep, **LOOSE) as farm:
            ranking = farm.run()
        written = json.loads((tmp_path / "farm" / "ranking.json").read_text())["candidates"]
        for candidate, ranked in zip(written, ranking, strict=True):
            assert Provenance.from_dict(candidate.pop("provenance")) == farm.plan.provenance_of(ranked.number)
            assert candidate == ranked.as_dict()
        assert set(files(tmp_path / "farm")) == {ranked.file for ranked in ranking[: keep or 8]}
        assert [ranked.kept for ranked in ranking] == [i < (keep or 8) for i in range(8)]
        return files(tmp_path / "farm")

    three, five, two, whole = run(3), run(5), run(2), run(None)
    assert two.items() < three.items() < five.items() < whole.items()
    assert manifest(tmp_path / "farm", "SELECT count(*) FROM pieces") == [(8,)]
    pieces = engine.generate_batch(np.repeat(seeds, 4), 60, **LOOSE)
    assert sorted(whole.values()) == sorted(piece.to_bytes() for piece in pieces)


def test_a_lost_or_changed_file_is_regenerated(engine, seeds, tmp_path):
    def run():
        with Farm(engine, tmp_path / "farm", seeds, 2, 60, **LOOSE) as farm:
            farm.run()
        return files(tmp_path / "farm")

    whole = run()
    (tmp_path / "farm" / "first-0000.mid").unlink()
    (tmp_path / "farm" / "second-0003.mid").write_bytes(b"MThd")
    assert run() == whole


def test_what_a_kill_left_of_a_file_goes(engine, seeds, tmp_path):
    folder = tmp_path / "farm"
    folder.mkdir()
    others = {".film.mkv.part", ".first-0000.mid.0123abcd.part", ".part"}
    for name in others:
        (folder / name).write_bytes(b"precious, of another program")
    killed = [whole_file(folder / name, overwrite=True) for name in ("first-0000.mid", "ranking.json", "foreign.mid")]
    for writing in killed:
        writing.__enter__()
    left = {path.name for path in folder.iterdir() if path.name not in others}
    assert len(left) == 3
    with Farm(engine, folder, seeds, 1, 10, **LOOSE) as farm:
        farm.run()
    after = {path.name for path in folder.iterdir()}
    assert others < after
    assert len(left & after) == 1  # of the file that is not the farm's
    assert after - others - left == {"first-0000.mid", "second-0001.mid", "manifest.sqlite", "ranking.json"}


def test_a_candidate_under_way_may_be_branched_from(engine, seeds, tmp_path, often):
    arguments = (seeds, 1, 1200)
    with Farm(engine, tmp_path / "farm", *arguments, **LOOSE) as farm, pytest.raises(StopError):
        farm.run(stop_after(1000))
    with Farm(engine, tmp_path / "farm", *arguments, **LOOSE) as farm:
        snapshot = farm.snapshot(1)
        farm.run()
        assert farm.snapshot(1) is None
        assert engine.extend(snapshot, 1200).to_bytes() == farm.path(1).read_bytes()
    assert engine.extend(snapshot, 1200, branch=1).to_bytes() != engine.extend(snapshot, 1200).to_bytes()


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"count": 3}, "count is 2, not 3"),
        ({"seconds": 61}, r"seconds is 60\.0, not 61\.0"),
        ({"random_seed": 1}, "random_seed is 0, not 1"),
        ({"temperature": 2.0}, r"temperature is 3\.0, not 2\.0"),
        ({"include_seed": True}, "include_seed is False, not True"),
        ({"seeds": 1}, r"seeds\[1\] is 'second\.mid \(SHA-256 \w{16}\)', not None\. "),
    ],
)
def test_a_folder_takes_one_command_alone(engine, seeds, tmp_path, other, named):
    asked = {"count": 2, "seconds": 60, **LOOSE}
    with Farm(engine, tmp_path / "farm", seeds, **asked) as farm:
        farm.run()
    before = files(tmp_path / "farm")
    asked = asked | other
    with pytest.raises(longplay.Error, match=f"holds the farm of another command: its {named}"):
        Farm(engine, tmp_path / "farm", seeds[: asked.pop("seeds", 2)], **asked)
    assert files(tmp_path / "farm") == before


def test_another_model_or_a_changed_seed_is_another_command(engine, seeds, tmp_path):
    with Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE):
        pass
    other = longplay.Engine(tiny_model.build(tmp_path / "sharp"), num_threads=1)
    with pytest.raises(longplay.Error, match="another command: its model_hash is"):
        Farm(other, tmp_path / "farm", seeds, 1, 10, **LOOSE)
    seeds[1].write_bytes(seeds[0].read_bytes())
    with pytest.raises(longplay.Error, match=r"another command: its seeds\[1\] is"):
        Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE)


def test_two_farms_do_not_work_in_one_folder(engine, seeds, tmp_path):
    with (
        Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE),
        pytest.raises(longplay.Error, match=r"another process is working in .*farm"),
    ):
        Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE)
    Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE).close()


def test_files_of_other_origin_are_not_written_over(engine, seeds, tmp_path):
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm" / "second-0001.mid").write_bytes(b"precious")
    with pytest.raises(longplay.Error, match=r"second-0001\.mid exists, but .* holds no farm"):
        Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE)
    assert [path.name for path in (tmp_path / "farm").iterdir()] == ["second-0001.mid"]


def test_a_file_that_is_no_manifest_is_refused(engine, seeds, tmp_path):
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm" / "manifest.sqlite").write_bytes(b"precious" * 1000)
    with pytest.raises(longplay.Error, match="is not the manifest of a farm"):
        Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE)


@pytest.mark.parametrize("format_", [0, 1, 3])
def test_a_manifest_of_another_format_is_refused_by_its_number(engine, seeds, tmp_path, format_):
    Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE).close()
    manifest(tmp_path / "farm", f"PRAGMA user_version = {format_}")
    manifest(tmp_path / "farm", "DROP TABLE drawn")  # the tables of another format are others
    with pytest.raises(
        longplay.Error,
        match=rf"manifest\.sqlite has format {format_}, but this version of longplay reads format 2\. To",
    ):
        Farm(engine, tmp_path / "farm", seeds, 1, 10, **LOOSE)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"keep": 0}, "keep must be at least 1, not 0"),
        ({"seconds": 0.5}, "seconds must be in"),
        ({"style": "polka"}, "style must be one of"),
        ({"include_seed": True, "seconds": 1, "seed_seconds": 9}, "the length must be at least 9500 ms"),
    ],
)
def test_bad_arguments_are_refused_before_there_is_a_folder(engine, seeds, tmp_path, asked, message):
    notes = np.array([(0, 500, 60, 64), (1000 * asked.pop("seed_seconds", 1), 500, 60, 64)], NOTE)
    seeds[0].write_bytes(longplay.write_midi(notes, 20))
    with pytest.raises(ValueError, match=message):
        Farm(engine, tmp_path / "farm", seeds, **({"count": 1, "seconds": 60} | asked))
    with pytest.raises(ValueError, match="seeds must hold at least one MIDI file"):
        Farm(engine, tmp_path / "farm", [])
    assert not (tmp_path / "farm").exists()


def test_odd_seeds_give_a_warning_once(engine, seeds, tmp_path):
    seeds[1].write_bytes(longplay.write_midi(np.empty(0, NOTE), 2))
    with Farm(engine, tmp_path / "farm", seeds, 2, 30, **LOOSE) as farm:
        ranking = farm.run()
        assert list(farm.warnings) == ["second.mid"]
        assert farm.warnings["second.mid"][0].startswith("The seed has no notes")
    responses = {ranked.seed: ranked.measures.response for ranked in ranking}
    assert responses["second.mid"] is None
    assert 0 < responses["first.mid"] < 1


def test_progress_is_reported_while_candidates_grow(engine, seeds, often):
    items = [worker.WorkItem(i, seeds[0].read_bytes(), longplay.read_midi(seeds[0])) for i in range(2)]
    updates = list(itertools.chain(*worker.work(engine, longplay.Settings(seconds=21_600, **LOOSE), items)))
    for number in range(2):
        kept = [item for item in updates if item.number == number and isinstance(item, worker.Checkpoint)]
        assert len(kept) > 1
        assert [item.first_event for item in kept] == [0, *itertools.accumulate(item.drawn for item in kept[:-1])]
        assert [item.made_ms for item in kept] == sorted({item.made_ms for item in kept})
    assert [type(item) for item in updates].count(worker.Finished) == 2
