"""Calls that an event cancels, also while the model never returns."""

import asyncio
import signal
import struct
import subprocess
import sys
import threading
import time
from functools import partial

import endless_model
import numpy as np
import pytest
import tiny_model

import longplay
from longplay.challenge.packing import pack
from longplay.midi import NOTE

LONG = np.zeros(20_000, NOTE)
LONG["onset_ms"] = np.arange(len(LONG)) * 200
LONG["duration_ms"], LONG["pitch"], LONG["velocity"] = 100, 60, 64
SEED = longplay.write_midi(LONG, 4000)
FIRST = LONG[:3]
MOMENTS = (0.1, 0.5, 1.2)  # seconds
SOON = 0.5  # seconds, on a busy machine; 0.1 on a machine that does nothing else

CALLS = {
    "generate": lambda engine, cancel: engine.generate(None, 86_400, cancel=cancel),
    "generate_batch": lambda engine, cancel: list(engine.generate_batch([None] * 64, 86_400, cancel=cancel)),
    "stream": lambda engine, cancel: list(engine.stream(None, cancel=cancel)),
    "prefill": lambda engine, cancel: [engine.stream(SEED, cancel=cancel) for _ in iter(int, 1)],
    "session": lambda engine, cancel: [engine.session(None, cancel=cancel).next() for _ in iter(int, 1)],
    "score": lambda engine, cancel: [engine.score(SEED, cancel=cancel) for _ in iter(int, 1)],
    "pack": lambda engine, cancel: [pack(SEED, engine, cancel=cancel) for _ in iter(int, 1)],
}
CALLS_OF_THE_ENDLESS = {
    **{name: CALLS[name] for name in ("generate", "generate_batch", "stream", "prefill", "score", "pack")},
    "session": lambda engine, cancel: [engine.session(SEED, cancel=cancel).next()],
    "feed": lambda engine, cancel: engine.session(None, cancel=cancel).feed(FIRST),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("model"), soft=True), "cpu", 2)


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    return endless_model.build(tmp_path_factory.mktemp("endless"))


def seconds_to_stop(call, *arguments, after=0.2, clock=time.perf_counter):
    """Set the event of a call after `after` seconds, and return how long the call continues by a clock."""
    cancel, at = threading.Event(), []

    def cancel_now():
        at.append(clock())
        cancel.set()

    timer = threading.Timer(after, cancel_now)
    timer.start()
    with pytest.raises(longplay.Cancelled, match="the work was cancelled"):
        call(*arguments, cancel)
    timer.join()
    return clock() - at[0]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_stops_soon_after_it_is_cancelled(engine, call):
    expected = engine.generate(None, 60)
    assert min(seconds_to_stop(call, engine) for _ in range(3)) < SOON
    assert engine.generate(None, 60) == expected


@pytest.mark.parametrize("call", CALLS_OF_THE_ENDLESS.values(), ids=CALLS_OF_THE_ENDLESS)
def test_a_call_stops_inside_a_model_that_never_returns(endless, call):
    engine = longplay.Engine(endless, "cpu", 2)
    assert min(seconds_to_stop(call, engine) for _ in range(3)) < SOON


@pytest.mark.parametrize("call", ["generate", "generate_batch", "stream", "session", "accompany"])
def test_a_call_stops_while_it_recognises_the_style_of_its_seed(tmp_path, call):
    calls = {
        "generate": lambda cancel: engine.generate(SEED, 10, cancel=cancel),
        "generate_batch": lambda cancel: list(engine.generate_batch([SEED] * 3, 10, cancel=cancel)),
        "stream": lambda cancel: engine.stream(SEED, cancel=cancel),
        "session": lambda cancel: engine.session(SEED, cancel=cancel),
        "accompany": lambda cancel: engine.accompany(SEED, cancel=cancel),
    }
    folder = endless_model.build(tmp_path)
    tiny_model.change_config(folder, recognise)
    engine = longplay.Engine(folder, "cpu", 1)
    assert min(seconds_to_stop(calls[call]) for _ in range(3)) < SOON


def recognise(config):
    config["format"] = 2
    config["controls"][1]["recognised_from"] = 4


@pytest.fixture(scope="module")
def largest():
    return longplay.Engine("piano", "cpu", 1)


@pytest.mark.parametrize(
    ("rows", "settings"),
    [(64, {}), (64, {"search": 64}), (1, {"search": 64}), (64, {"recital": True}), (32, {"guidance_scale": 2})],
    ids=["batch", "batch with search", "search", "recital", "guided"],
)
def test_sixty_four_rows_of_the_largest_model_stop_within_a_tenth_of_a_second(largest, rows, settings):
    """The time is the processor's, which other programs do not lengthen."""
    settings = {"style": largest.styles[0], **settings} if "guidance_scale" in settings else settings
    make = partial(largest.generate_batch, [None] * rows, 3600, **settings)
    worked = [seconds_to_stop(lambda c: list(make(cancel=c)), after=s, clock=time.process_time) for s in MOMENTS]
    assert max(worked) < 0.1, worked


CONTROLS = [b"\0\xb0\1\1", b"\0\1\1" * (48 << 20)]  # 144 MiB of messages without a note
END = b"\0\xff\x2f\0"


def midi_file(*chunks, tracks=1):
    return b"".join([b"MThd", struct.pack(">IHHH", 6, 1, tracks, 480), *chunks])


def track(*messages, size=None):
    return [b"MTrk", struct.pack(">I", sum(map(len, messages)) if size is None else size), *messages]


@pytest.mark.parametrize(
    "data",
    [
        lambda: midi_file(*track(*CONTROLS, END)),
        lambda: midi_file(*track(*CONTROLS, END), *track(END), tracks=2),
        lambda: midi_file(*track(*CONTROLS, END, size=5)),
        lambda: midi_file(*track(*CONTROLS, b"\0\xff\1\4MTrk", END)),
        lambda: midi_file(b"TEXT\0\0\0\0" * (24 << 20), *track(END)),
    ],
    ids=["a track", "tracks", "a wrong length", "a track in a text", "chunks"],
)
def test_reading_a_long_file_stops_within_a_tenth_of_a_second(data):
    """The time is the processor's, and each part of the reading of these files takes several tenths."""
    read = partial(longplay.read_midi, data())
    assert max(seconds_to_stop(lambda c: read(cancel=c), after=0.05, clock=time.process_time) for _ in range(3)) < 0.1


def test_events_of_a_model_that_never_returns_are_cancelled(endless):
    model = longplay.Model(endless)
    events = np.zeros((3, 4), np.int32)
    assert min(seconds_to_stop(lambda cancel: model.score_events(events, cancel=cancel)) for _ in range(3)) < SOON
    assert min(seconds_to_stop(lambda cancel: model.generate_events(9, cancel=cancel)) for _ in range(3)) < SOON


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_event_that_is_set_stops_a_call_before_it_works(engine, call):
    cancel = threading.Event()
    cancel.set()
    steps = engine.statistics().row_steps
    with pytest.raises(longplay.Cancelled):
        call(engine, cancel)
    assert engine.statistics().row_steps == steps


def test_an_event_that_is_never_set_changes_nothing(engine):
    cancel = threading.Event()
    piece = engine.generate(None, 60, extendable=True, cancel=cancel)
    assert piece == engine.generate(None, 60, extendable=True)
    assert engine.regenerate(piece.provenance, cancel=cancel) == piece
    assert engine.extend(piece.snapshot(), 60, cancel=cancel) == piece


def test_a_stream_and_a_session_go_on_where_they_were_once_the_event_is_cleared(engine):
    cancel = threading.Event()
    for start, draw in ((engine.stream, next), (engine.session, longplay.Session.next)):
        plain, live = start(SEED), start(SEED, cancel=cancel)
        for _ in range(3):
            assert np.array_equal(draw(live), draw(plain))
            cancel.set()
            with pytest.raises(longplay.Cancelled):
                draw(live)
            cancel.clear()


def test_an_extension_and_a_regeneration_are_cancelled(engine):
    piece = engine.generate(None, 60, extendable=True)
    snapshot = piece.snapshot()
    assert seconds_to_stop(lambda cancel: engine.extend(snapshot, 86_400, cancel=cancel)) < 5
    assert seconds_to_stop(lambda cancel: list(engine.extend_batch([snapshot] * 3, 86_400, cancel=cancel))) < 5
    longer = engine.extend(snapshot, 3600).provenance
    assert seconds_to_stop(lambda c: [engine.regenerate(longer, cancel=c) for _ in iter(int, 1)]) < 5


@pytest.mark.parametrize("cancel", [True, "now", threading.Lock()])
def test_what_is_no_event_is_refused(engine, cancel):
    with pytest.raises(TypeError, match=r"cancel must be a threading.Event or None, not "):
        engine.generate(None, 5, cancel=cancel)


def test_a_cancelled_task_of_asyncio_stops_its_thread(engine):
    """The example of docs/processes.md."""

    async def make(seconds):
        cancel = threading.Event()
        try:
            return await asyncio.to_thread(engine.generate, None, seconds, cancel=cancel)
        finally:
            cancel.set()

    async def serve():
        assert len((await make(30)).notes) > 0
        task = asyncio.create_task(make(86_400))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    start = time.perf_counter()
    asyncio.run(serve())  # waits for the threads
    assert time.perf_counter() - start < 5


COMMAND = """
import longplay.engine
from longplay.__main__ import main
open_engine = longplay.engine.Engine.__init__
def announce(*arguments, **settings):
    print("ready", flush=True)
    open_engine(*arguments, **settings)
longplay.engine.Engine.__init__ = announce
main()
"""


def interrupted(program, *arguments):
    """Run a program, send Ctrl-C soon after it has printed a line, and return its status, stdout and stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background shell ignores it
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, message = process.communicate(timeout=20)
    return process.returncode, out, message


posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


@posix
@pytest.mark.parametrize("from_the_start", [False, True], ids=["in a piece", "at opening"])
@pytest.mark.parametrize("command", ["generate", "score"])
def test_ctrl_c_ends_a_command_inside_a_model_that_never_returns(tmp_path, seed, command, from_the_start):
    model = endless_model.build(tmp_path / "model", from_the_start=from_the_start)
    out = ["--out", str(tmp_path / "out.mid")] if command == "generate" else []
    done = interrupted(COMMAND, command, str(seed), "--model", str(model), *out)
    assert done == (130, "", "longplay: interrupted\n")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "model", seed]


@posix
@pytest.mark.parametrize(
    "work",
    ["engine.generate(None, 60)", "engine.session(None).feed(notes)", "longplay.Model(model).score_events(events)"],
)
def test_ctrl_c_raises_an_exception_inside_a_model_that_never_returns(endless, work):
    program = f"""
import numpy as np, longplay
model, events = {str(endless)!r}, np.zeros((3, 4), np.int32)
notes = np.array([(0, 100, 60, 64), (200, 100, 60, 64)], longplay.NOTE)
engine = longplay.Engine(model, "cpu", 1)
print("ready", flush=True)
try:
    {work}
except KeyboardInterrupt:
    print("interrupted")
"""
    assert interrupted(program) == (0, "interrupted\n", "")


@posix
def test_a_daemon_thread_inside_a_model_that_never_returns_does_not_keep_a_program(endless):
    program = f"""
import sys, threading, time, longplay
engine = longplay.Engine({str(endless)!r}, "cpu", 1)
for call in (engine.generate, lambda: next(engine.stream(None)), lambda: next(engine.generate_batch([None] * 2))):
    threading.Thread(target=call, daemon=True).start()
pieces = engine.generate_batch([None] * 2, 3600)
time.sleep(0.5)
sys.exit(7)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")
