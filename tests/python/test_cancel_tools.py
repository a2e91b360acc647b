"""Farms, comparisons, submissions and renderings that an event cancels: they leave no file that is not whole."""

import sys
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.farm import Farm
from longplay.midi import NOTE
from longplay.originality import Index, TrainingFile, compare


class Countdown:
    """An event that sets itself when it was asked so many times."""

    def __init__(self, times):
        self._left = times

    def is_set(self):
        self._left -= 1
        return self._left < 0


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("model"), soft=True), "cpu", 1)


def works(count):
    random = np.random.default_rng(3)
    for number in range(count):
        notes = np.zeros(400, NOTE)
        notes["onset_ms"] = np.arange(400) * 250
        notes["duration_ms"], notes["velocity"], notes["pitch"] = 200, 64, random.integers(40, 90, 400)
        yield TrainingFile(f"{number}.mid", f"{number}", longplay.write_midi(notes, 120))


def longest_work(call):
    """Return the most CPU seconds between two looks at the event of a call."""

    class Watched:
        def is_set(self):
            looks.append(time.process_time())
            return False

    looks = [time.process_time()]
    call(Watched())
    return max(after - before for before, after in pairwise([*looks, time.process_time()]))


def most_lines_between_looks(call):
    """Return the most lines of Python that run between two looks at the event of a call.

    Lines do not become more while other programs use the machine, as seconds do.
    """

    class Watched:
        def is_set(self):
            nonlocal lines
            counts.append(lines)
            lines = 0
            return False

    def trace(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return trace

    lines, counts, before = 0, [], sys.gettrace()
    sys.settrace(trace)
    try:
        call(Watched())
    finally:
        sys.settrace(before)
    return max([*counts, lines])


def an_hour_of(notes):
    """Return an hour of so many notes."""
    played = np.zeros(notes, NOTE)
    played["onset_ms"] = np.arange(notes) * (3_600_000 // notes)
    played["duration_ms"], played["velocity"], played["pitch"] = 90, 64, 40 + np.arange(notes) % 50
    return longplay.write_midi(played, 3600)


@pytest.fixture(scope="module")
def hour():
    """Return a dense hour."""
    return an_hour_of(36_000)


@pytest.mark.parametrize("call", [longplay.check, longplay.clips])
def test_checking_an_hour_looks_at_the_event_all_the_time(call):
    notes = 3600
    hour = an_hour_of(notes)
    assert most_lines_between_looks(lambda cancel: call(hour, cancel=cancel)) < notes / 2  # no pass over all notes
    with pytest.raises(longplay.Cancelled):
        call(hour, cancel=Countdown(3 * notes))


def test_reading_a_long_file_is_cancelled():
    tempo = bytes.fromhex("01 ff 51 03 07 a1 20")
    track = tempo * 15_000_000 + bytes.fromhex("00 ff 2f 00")
    data = bytes.fromhex("4d546864 00000006 0000 0001 0060 4d54726b") + len(track).to_bytes(4) + track

    def worked(cancel):
        """Return the CPU seconds of reading, and whether it was cancelled."""
        start = time.process_time()
        try:
            longplay.read_midi(data, cancel=cancel)
        except longplay.Cancelled:
            return time.process_time() - start, True
        return time.process_time() - start, False

    whole, cancelled = worked(None)
    assert not cancelled
    part, cancelled = worked(Countdown(3))  # the first looks come before the work
    assert cancelled
    assert part < whole / 4


def test_a_farm_that_was_cancelled_resumes_to_the_same_files(engine, seed, tmp_path):
    def files(name):
        return {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.mid")}

    with Farm(engine, tmp_path / "whole", [seed], 3, 600) as farm:
        farm.run()
    cancel = threading.Event()
    with Farm(engine, tmp_path / "cancelled", [seed], 3, 600) as farm, pytest.raises(longplay.Cancelled):
        farm.run(lambda progress: cancel.set(), cancel=cancel)
    assert not (tmp_path / "cancelled" / "ranking.json").exists()
    with Farm(engine, tmp_path / "cancelled", [seed], 3, 600) as farm:
        farm.run(cancel=threading.Event())
    assert len(files("whole")) == 3
    assert files("cancelled") == files("whole")


def test_a_farm_is_cancelled_between_its_updates(engine, seed, tmp_path):
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with Farm(engine, tmp_path / "farm", [seed], 3, 86_400) as farm, pytest.raises(longplay.Cancelled):
        farm.run(lambda progress: pytest.fail("no update comes so early"), cancel=cancel)


def test_the_progress_of_a_farm_ends_at_the_whole(engine, seed, tmp_path):
    for _ in range(2):  # the second time there is nothing left to do
        reports = []
        with Farm(engine, tmp_path / "farm", [seed], 2, 30) as farm:
            farm.run(reports.append)
        assert (reports[-1].pieces, reports[-1].count) == (2, 2)
        assert (reports[-1].seconds, reports[-1].total_seconds) == (60, 60)


def test_building_an_index_and_comparing_are_cancelled_wherever_they_are():
    files = list(works(12))
    index = Index.build(files, calibration=20, num_threads=1)
    asked = 0
    for call in (
        lambda cancel: Index.build(files, calibration=20, num_threads=1, cancel=cancel).hash,
        lambda cancel: compare(files[0].data, index, num_threads=1, cancel=cancel).verdict,
    ):
        result, times = None, 0
        while result is None:
            try:
                result = call(Countdown(times))
            except longplay.Cancelled:
                times += 1
        assert result == call(None)
        asked += times
    assert asked > 40


def test_a_cancelled_submission_writes_nothing(engine, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    from longplay.challenge.submit import submit

    index = Index.build(works(1), calibration=1, num_threads=1)
    (tmp_path / "candidates").mkdir()
    engine.generate(None, 3600).save(tmp_path / "candidates" / "a.mid")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(longplay.Cancelled):
        submit(tmp_path / "candidates", tmp_path / "out", index, engine=engine, now=datetime.now(UTC), cancel=cancel)
    assert not (tmp_path / "out").exists()


def test_pictures_look_at_the_event_all_the_time(hour, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    from longplay.originality.plot import plot
    from longplay.pictures import plots

    index = Index.build(works(3), calibration=3, num_threads=1)
    report, notes = compare(hour, index, num_threads=1), longplay.read_midi(hour)
    page = plots.page(notes, 3600)
    calls = {
        "page": lambda cancel: plots.page(notes, 3600, cancel=cancel),
        "page.png": lambda cancel: plots.save(page, tmp_path / "page.png", cancel=cancel),
        "page.svg": lambda cancel: plots.save(page, tmp_path / "page.svg", cancel=cancel),
        "plot.png": lambda cancel: plot(report, hour, index, tmp_path / "plot.png", cancel=cancel),
    }
    for name, call in calls.items():
        for times in (0, 3, 6):
            with pytest.raises(longplay.Cancelled):
                call(Countdown(times))
            assert not (tmp_path / name).exists()
        call(None)  # the event of a call that was cancelled stops no other
        assert longest_work(call) < 0.5, name  # matplotlib's longest steps cannot be divided


def test_a_cancelled_rendering_leaves_no_file(engine, tmp_path):
    pytest.importorskip("fluidsynth", reason="the extra [render] is not installed")
    from longplay.render import render

    data = engine.generate(None, 60).to_bytes()
    cancel = threading.Event()
    with pytest.raises(longplay.Cancelled):
        render(data, tmp_path / "out.wav", progress=lambda made, whole: cancel.set(), cancel=cancel)
    assert list(tmp_path.iterdir()) == []
