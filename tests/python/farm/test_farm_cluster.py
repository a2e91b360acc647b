"""A farm on a Ray cluster of this machine: the same bytes, whoever dies."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from command import run
from farm_files import LOOSE, files

import longplay
from longplay.farm import Farm
from longplay.farm.manifest import Manifest
from longplay.originality import Index, TrainingFile

pytest.importorskip("ray", reason="Ray is not installed: pip install 'longplay[cluster]'")
import longplay.farm.cluster as cluster_module
from longplay.farm.cluster import Cluster

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own
COUNT, SECONDS = 6, 7200


@pytest.fixture(scope="module")
def cluster(model, engine):
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with Cluster("local", model) as cluster:
        yield cluster


@pytest.fixture
def whole(engine, seed, tmp_path):
    """Run the same farm on this machine alone."""
    with Farm(engine, tmp_path / "whole", [seed], COUNT, SECONDS, **LOOSE) as farm:
        return farm.run()


def workers():
    """Find the processes of this cluster that make candidates."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            title = (stat.parent / "cmdline").read_bytes()
        except OSError:  # it is gone
            continue
        children.setdefault(int(fields[1]), []).append((int(stat.parent.name), title))
    found, parents = [], [os.getpid()]
    while parents:
        for process, title in children.get(parents.pop(), []):
            parents.append(process)
            if title.startswith(b"ray::Actor"):
                found.append(process)
    return found


def test_a_cluster_makes_the_same_files(engine, cluster, seed, tmp_path, whole):
    with Farm(engine, tmp_path / "farm", [seed], COUNT, SECONDS, **LOOSE) as farm:
        assert farm.run(worker=cluster) == whole
    assert files(tmp_path / "farm") == files(tmp_path / "whole")


def test_with_workers_killed_nothing_is_lost_and_nothing_made_twice(
    engine, cluster, seed, tmp_path, whole, monkeypatch
):
    finished, killed, updates = [], [], []
    real = Manifest.finish
    monkeypatch.setattr(
        Manifest, "finish", lambda self, made, *rest: (finished.append(made.number), real(self, made, *rest))
    )

    def kill(now):
        updates.append(now)
        due = len(killed) < 3 and now.seconds >= (len(killed) + 1) * COUNT * SECONDS / 5
        first_piece = now.pieces == 1 and updates[-2:-1] and updates[-2].pieces == 0  # its worker has others
        running = workers() if due or first_piece else []  # there is none while one that was killed is replaced
        for process in running if first_piece else running[:1]:
            os.kill(process, signal.SIGKILL)
            killed.append(process)

    with Farm(engine, tmp_path / "farm", [seed], COUNT, SECONDS, **LOOSE) as farm:
        assert farm.run(kill, cluster) == whole
    assert killed
    assert sorted(finished) == list(range(COUNT))
    assert files(tmp_path / "farm") == files(tmp_path / "whole")
    assert [now.seconds for now in updates] == sorted(now.seconds for now in updates)


def test_a_farm_begun_on_a_cluster_resumes_without_it(engine, cluster, seed, tmp_path, whole):
    def stop(now):
        if now.seconds > COUNT * SECONDS / 3:
            raise KeyboardInterrupt

    with (
        Farm(engine, tmp_path / "farm", [seed], COUNT, SECONDS, **LOOSE) as farm,
        pytest.raises(KeyboardInterrupt),
    ):
        farm.run(stop, cluster)
    with Farm(engine, tmp_path / "farm", [seed], COUNT, SECONDS, **LOOSE) as farm:
        assert farm.run() == whole
    assert files(tmp_path / "farm") == files(tmp_path / "whole")


def test_workers_end_with_a_farm_that_is_broken_off(engine, cluster, seed, tmp_path):
    def stop(now):
        raise KeyboardInterrupt

    with (
        Farm(engine, tmp_path / "farm", [seed], COUNT, 86_400, **LOOSE) as farm,
        pytest.raises(KeyboardInterrupt) as held,
    ):
        farm.run(stop, cluster)
    assert held.tb is not None  # it holds what was at work
    deadline = time.monotonic() + 5
    while workers():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_workers_with_another_model_are_refused(engine, cluster, seed, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_model", "piano-lstm")
    with Farm(engine, tmp_path / "farm", [seed], 1, 10, **LOOSE) as farm, pytest.raises(longplay.Error) as error:
        farm.run(worker=cluster)
    assert str(error.value).startswith("a worker failed: the model piano-lstm on")


@pytest.fixture
def index(engine, seed, tmp_path):
    """File of an index that holds what the farm would make, so that it quotes all the time."""
    pieces = engine.generate_batch([seed] * COUNT, SECONDS, **LOOSE)
    files = [TrainingFile(f"{number}.mid", "own", piece.to_bytes()) for number, piece in enumerate(pieces)]
    Index.build(files, calibration=1).save(tmp_path / "training.index")
    return tmp_path / "training.index"


def test_a_cluster_avoids_what_the_farm_avoids(engine, cluster, seed, index, tmp_path, whole, monkeypatch):
    def farm(folder):
        return Farm(engine, tmp_path / folder, [seed], COUNT, SECONDS, avoid=Index.open(index), **LOOSE)

    with farm("alone") as alone:
        ranking = alone.run()
    assert min(ranked.measures.refusals for ranked in ranking) > 0
    monkeypatch.setattr(cluster, "_avoid", index)
    with farm("farm") as avoiding:
        assert avoiding.run(worker=cluster) == ranking
    assert files(tmp_path / "farm") == files(tmp_path / "alone") != files(tmp_path / "whole")


def test_workers_with_another_index_are_refused(engine, cluster, seed, index, tmp_path, monkeypatch):
    other = Index.build([TrainingFile("seed.mid", "seed", seed.read_bytes())], calibration=1)
    monkeypatch.setattr(cluster, "_avoid", index)
    with (
        Farm(engine, tmp_path / "farm", [seed], 1, 10, avoid=other, **LOOSE) as farm,
        pytest.raises(longplay.Error, match=f"a worker failed: the index {index} on .* is not the farm's index"),
    ):
        farm.run(worker=cluster)


def test_workers_without_the_index_are_refused(engine, cluster, seed, index, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_avoid", tmp_path / "elsewhere")
    with (
        Farm(engine, tmp_path / "farm", [seed], 1, 10, avoid=Index.open(index), **LOOSE) as farm,
        pytest.raises(longplay.Error, match=f"a worker failed: .*No such file.*{tmp_path / 'elsewhere'}"),
    ):
        farm.run(worker=cluster)


def test_a_cluster_avoids_if_and_only_if_the_farm_does(engine, cluster, seed, index, tmp_path, monkeypatch):
    with (
        Farm(engine, tmp_path / "avoiding", [seed], 1, 10, avoid=Index.open(index), **LOOSE) as farm,
        pytest.raises(ValueError, match="avoid must be the file of the farm's index, not None"),
    ):
        farm.run(worker=cluster)
    monkeypatch.setattr(cluster, "_avoid", index)
    with (
        Farm(engine, tmp_path / "free", [seed], 1, 10, **LOOSE) as farm,
        pytest.raises(ValueError, match=rf"avoid must be None, not {index}"),
    ):
        farm.run(worker=cluster)


def test_the_command_works_on_a_cluster_and_avoids_an_index(model, engine, seed, index, tmp_path):
    out = tmp_path / "farm"
    options = ["--count", 2, "--seconds", 600, "--temperature", 3, "--top-p", 1, "--model", model, "--json"]
    done = run("batch", seed, *options, "--avoid", index, "--ray", "local", "--out", out, timeout=120)
    assert done.returncode == 0, done.stderr
    pieces = list(engine.generate_batch([seed] * 2, 600, avoid=Index.open(index), **LOOSE))
    assert files(out) == {f"seed-000{number}.mid": piece.to_bytes() for number, piece in enumerate(pieces)}
    refusals = {line["number"]: line["refusals"] for line in map(json.loads, done.stdout.splitlines())}
    assert refusals == {number: piece.refusals for number, piece in enumerate(pieces)}


def test_workers_that_always_die_are_given_up(engine, cluster, seed, tmp_path, monkeypatch):
    class Actor:  # local, so that Ray sends its code along
        def __init__(self, *arguments):
            pass

        def work(self, provenance, items):
            yield []
            os._exit(1)

    monkeypatch.setattr(cluster_module, "Actor", Actor)
    with (
        Farm(engine, tmp_path / "farm", [seed], 1, 10, **LOOSE) as farm,
        pytest.raises(longplay.Error, match="5 workers died without an update"),
    ):
        farm.run(worker=cluster)
