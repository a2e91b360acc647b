"""A farm on a Ray cluster of this machine: the same bytes, whoever dies."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.farm import Farm
from longplay.farm.manifest import Manifest
from longplay.midi import NOTE

pytest.importorskip("ray", reason="Ray is not installed: pip install 'longplay[cluster]'")
import longplay.farm.cluster as cluster_module
from longplay.farm.cluster import Cluster

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own
LOOSE = {"temperature": 3.0, "top_p": 1.0}
COUNT, SECONDS = 6, 7200


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


@pytest.fixture(scope="module")
def engine(model):
    return longplay.Engine(model, num_threads=2)


@pytest.fixture(scope="module")
def cluster(model, engine):
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with Cluster("local", model, engine.model_hash) as cluster:
        yield cluster


@pytest.fixture
def seed(tmp_path):
    path = tmp_path / "seed.mid"
    path.write_bytes(longplay.write_midi(np.array([(0, 500, 60, 64), (500, 500, 67, 64)], NOTE), 2))
    return path


@pytest.fixture
def whole(engine, seed, tmp_path):
    """The same farm on this machine alone."""
    with Farm(engine, tmp_path / "whole", [seed], COUNT, SECONDS, **LOOSE) as farm:
        return farm.run()


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".mid"}


def workers():
    """Processes of this process's cluster that are making candidates."""
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
            if title.startswith(b"ray::Worker"):
                found.append(process)
    return found


def test_a_cluster_makes_the_same_files(engine, cluster, seed, tmp_path, whole):
    with Farm(engine, tmp_path / "farm", [seed], COUNT, SECONDS, **LOOSE) as farm:
        assert farm.run(work_with=cluster) == whole
    assert files(tmp_path / "farm") == files(tmp_path / "whole")


def test_with_workers_killed_nothing_is_lost_and_nothing_made_twice(
    engine, cluster, seed, tmp_path, whole, monkeypatch
):
    finished, killed, told = [], [], []
    real = Manifest.finish
    monkeypatch.setattr(
        Manifest, "finish", lambda self, made, *rest: (finished.append(made.number), real(self, made, *rest))
    )

    def kill(now):
        told.append(now)
        due = len(killed) < 3 and now.seconds >= (len(killed) + 1) * COUNT * SECONDS / 5
        if due and (running := workers()):  # there is none while one that was killed is replaced
            os.kill(running[0], signal.SIGKILL)
            killed.append(running[0])

    with Farm(engine, tmp_path / "farm", [seed], COUNT, SECONDS, **LOOSE) as farm:
        assert farm.run(kill, cluster) == whole
    assert killed
    assert sorted(finished) == list(range(COUNT))
    assert files(tmp_path / "farm") == files(tmp_path / "whole")
    assert [now.seconds for now in told] == sorted(now.seconds for now in told)


def test_a_farm_begun_on_a_cluster_goes_on_without_it(engine, cluster, seed, tmp_path, whole):
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
    monkeypatch.setattr(cluster, "_worker", ("piano-lstm", engine.model_hash, 1))
    with Farm(engine, tmp_path / "farm", [seed], 1, 10, **LOOSE) as farm, pytest.raises(longplay.Error) as error:
        farm.run(work_with=cluster)
    assert str(error.value).startswith("a worker failed: the model piano-lstm of")


def test_workers_that_always_die_are_given_up(engine, cluster, seed, tmp_path, monkeypatch):
    class Worker:  # local, so that Ray sends its code along
        def __init__(self, *arguments):
            pass

        def work(self, settings, orders):
            yield []
            os._exit(1)

    monkeypatch.setattr(cluster_module, "Worker", Worker)
    with (
        Farm(engine, tmp_path / "farm", [seed], 1, 10, **LOOSE) as farm,
        pytest.raises(longplay.Error, match="5 workers died without any news"),
    ):
        farm.run(work_with=cluster)
