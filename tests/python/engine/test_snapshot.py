"""Snapshots: candidates that resume, and bytes that are no snapshot."""

import contextlib
import dataclasses
import hashlib
import itertools
import json
import struct

import numpy as np
import pytest
import tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

import longplay
from longplay import _core
from longplay._making.snapshot import Snapshot
from longplay.midi import NOTE

LOOSE = {"temperature": 3.0, "top_p": 1.0}
SEED = longplay.write_midi(np.array([(0, 400, 60, 64), (500, 400, 64, 64), (1000, 900, 67, 96)], dtype=NOTE), 10)
HEAD = 48  # magic and digest


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=2)


@pytest.fixture(scope="module")
def snapshots(engine):
    """One of each kind, and what reads it."""
    stream, session = engine.stream(SEED, **LOOSE), engine.session(SEED, **LOOSE)
    for _ in range(10):
        next(stream), session.next()
    piece = engine.generate(SEED, 30, extendable=True, **LOOSE)
    return {
        "stream": (stream.snapshot(), lambda data: engine.resume(data)._core.draw(16)),
        "session": (session.snapshot(), lambda data: engine.resume_session(data).next()),
        "piece": (piece.snapshot(), lambda data: engine.extend(data, 40)),
    }


def some(stream, arrays=40):
    return np.concatenate(list(itertools.islice(stream, arrays)))


@pytest.mark.parametrize("arrays", [0, 1, 17, 200])
@pytest.mark.parametrize("asked", [{}, {"recital": False}, {"include_seed": True}])
def test_a_stream_resumes_from_its_snapshot_to_the_bit(engine, arrays, asked):
    stream = engine.stream(SEED, **asked, **LOOSE)
    for _ in range(arrays):
        next(stream)
    snapshot = stream.snapshot()
    resumed = engine.resume(snapshot)
    assert resumed.snapshot() == snapshot
    np.testing.assert_array_equal(some(resumed, 300), some(stream, 300))
    assert resumed.snapshot() == stream.snapshot()


def test_branches_are_different_futures_that_can_be_regenerated(engine):
    stream = engine.stream(SEED, **LOOSE)
    some(stream)
    snapshot = stream.snapshot()
    futures = [some(engine.resume(snapshot, branch=branch)) for branch in range(4)]
    np.testing.assert_array_equal(futures[0], some(stream))
    np.testing.assert_array_equal(futures[2], some(engine.resume(snapshot, branch=2)))
    for one, two in itertools.combinations(futures, 2):
        assert not np.array_equal(one[:40], two[:40])


def test_a_branch_of_a_branch_is_a_future_of_its_own(engine):
    stream = engine.stream(SEED, **LOOSE)
    snapshot = stream.snapshot()
    once = engine.resume(engine.resume(snapshot, branch=1).snapshot())
    twice = engine.resume(engine.resume(snapshot, branch=1).snapshot(), branch=1)
    first = some(engine.resume(snapshot, branch=1))
    np.testing.assert_array_equal(some(once), first)
    assert not np.array_equal(some(twice)[:40], first[:40])


def test_the_random_numbers_of_a_branch_depend_on_all_of_its_past(engine):
    made = engine.generate(SEED, 1).provenance
    pasts = [made, made.after(5, 1), made.after(5, 2), made.after(6, 1), made.after(5, 1).after(5, 1)]
    assert len({past.settings_now.random_seed for past in pasts}) == len(pasts)
    assert made.after(5, 0) == made


@pytest.mark.parametrize("branch", [-1, 2**31])
def test_a_branch_out_of_range_is_named(engine, snapshots, branch):
    with pytest.raises(ValueError, match=rf"branch must be in \[0, 2\*\*31 - 1\], not {branch}"):
        engine.resume(snapshots["stream"][0], branch=branch)


@pytest.mark.parametrize("seconds", [1, 8, 30, 700])
@pytest.mark.parametrize("asked", [{}, {"recital": False}, {"include_seed": True}])
def test_a_piece_extended_to_its_own_length_is_the_same_piece(engine, seconds, asked):
    if asked.get("include_seed") and seconds == 1:
        seconds = 1.5  # the least after the seed
    piece = engine.generate(SEED, seconds, extendable=True, **asked, **LOOSE)
    plain = engine.generate(SEED, seconds, **asked, **LOOSE)
    assert piece.to_bytes() == plain.to_bytes()
    again = engine.extend(piece.snapshot(), seconds)
    assert again.to_bytes() == piece.to_bytes()
    np.testing.assert_array_equal(again.events, piece.events)
    np.testing.assert_array_equal(again.log_probabilities, piece.log_probabilities)
    assert again.provenance == piece.provenance


@pytest.mark.parametrize(("seconds", "longer"), [(1, 60), (30, 90), (30, 3600), (700, 1000), (300, 3600)])
def test_an_extended_piece_is_the_same_up_to_before_its_ending(engine, seconds, longer):
    piece = engine.generate(SEED, seconds, extendable=True, random_seed=6, **LOOSE)
    extended = engine.extend(piece.snapshot(), longer)
    assert extended.duration == longer
    kept = int((piece.notes["onset_ms"] <= 1000 * (seconds - 12)).sum())
    events = int(np.cumsum(piece.events[:, 0] != tiny_model.END).searchsorted(kept)) + 1 if kept else 0
    np.testing.assert_array_equal(extended.events[:events], piece.events[:events])
    onsets = extended.notes["onset_ms"]
    for clip in range(longer // 30):
        assert ((onsets >= clip * 30_000) & (onsets <= clip * 30_000 + 500)).any(), clip
    assert (onsets + extended.notes["duration_ms"]).max() <= 1000 * longer - 10
    assert np.diff(onsets).max() <= 6000


def test_an_extended_piece_may_be_extended_again(engine):
    piece = engine.generate(SEED, 30, extendable=True, **LOOSE)
    minute = engine.extend(piece.snapshot(), 60, branch=3)
    hour = engine.extend(minute.snapshot(), 3600)
    assert hour.provenance.settings == piece.provenance.settings
    assert [(step.branch, step.seconds) for step in hour.provenance.steps] == [(3, 60), (0, 3600)]
    kept = hour.provenance.steps[1].events
    np.testing.assert_array_equal(hour.events[:kept], minute.events[:kept])


def test_pieces_are_extended_together_as_they_are_alone(engine):
    pieces = list(engine.generate_batch([SEED, None, SEED], 30, extendable=True, **LOOSE))
    snapshots = [piece.snapshot() for piece in pieces for _ in range(3)]
    branches = [0, 1, 2] * 3
    together = list(engine.extend_batch(snapshots, 120, branches=branches))
    for snapshot, branch, piece in zip(snapshots, branches, together, strict=True):
        assert engine.extend(snapshot, 120, branch=branch).to_bytes() == piece.to_bytes()
    assert len({piece.to_bytes() for piece in together}) == 9


def test_a_batch_that_was_broken_off_ends_as_it_would_have(engine):
    class BreakOffError(Exception):
        pass

    kept: dict[int, bytes] = {}

    def keep(index, snapshot):
        kept[index] = snapshot

    def break_off(made, whole):
        if len(kept) == 4 and made > whole / 4:
            raise BreakOffError

    seeds = [SEED, None] * 2
    whole = [piece.to_bytes() for piece in engine.generate_batch(seeds, 7200, random_seed=2, **LOOSE)]
    with pytest.raises(BreakOffError):
        list(engine.generate_batch(seeds, 7200, random_seed=2, on_snapshot=keep, progress=break_off, **LOOSE))
    again: dict[int, bytes] = {}
    resumed = engine.extend_batch(
        [kept[index] for index in range(4)], 7200, on_snapshot=again.__setitem__, snapshot_seconds=600
    )
    assert [piece.to_bytes() for piece in resumed] == whole
    assert again


def test_a_piece_has_a_snapshot_only_if_it_was_asked_for(engine):
    with pytest.raises(ValueError, match="the piece has no snapshot: generate it with extendable=True"):
        engine.generate(SEED, 10).snapshot()


def test_a_piece_is_not_made_shorter(engine, snapshots):
    with pytest.raises(ValueError, match="the length must be at least the snapshot's own 30000 ms, not 29999 ms"):
        engine.extend(snapshots["piece"][0], 29.999)


def test_snapshots_come_at_a_distance_that_can_be(engine):
    with pytest.raises(ValueError, match=r"snapshot_seconds must be in \[1, 86400\], not 0"):
        engine.generate_batch([SEED], 60, on_snapshot=print, snapshot_seconds=0)


def test_a_snapshot_of_another_kind_or_model_is_refused(engine, snapshots, tmp_path):
    other = longplay.Engine(tiny_model.build(tmp_path), num_threads=1)
    with pytest.raises(longplay.SnapshotError, match="the snapshot belongs to another model, 'tiny'"):
        other.resume(snapshots["stream"][0])
    with pytest.raises(longplay.SnapshotError, match=r"of a session. To resume it, call Engine.resume_session"):
        engine.resume(snapshots["session"][0])
    with pytest.raises(longplay.SnapshotError, match=r"of a stream. To resume it, call Engine.resume"):
        engine.extend(snapshots["stream"][0], 60)
    with pytest.raises(longplay.SnapshotError, match="not a snapshot"):
        engine.resume(SEED)


def test_a_snapshot_of_another_format_is_refused_by_its_number(snapshots):
    for good, read in snapshots.values():
        with pytest.raises(
            longplay.SnapshotError, match="has format '4', but this version of longplay reads format '5'"
        ):
            read(good.replace(b"longplay state 5", b"longplay state 4", 1))
        older = forged(good, put("provenance", "format", value=0))
        with pytest.raises(longplay.SnapshotError, match=r"the provenance has format 0, but .* reads format 4"):
            read(older)


def test_a_long_name_in_a_forged_snapshot_makes_no_long_message(snapshots):
    good, read = snapshots["piece"]
    renamed = forged(good, put("provenance", "model", value="\n" * 5000))
    for bad in (
        forged(renamed, put("provenance", "model_hash", value="")),
        forged(good, put("provenance", "index_hash", value="\n" * 5000)),
    ):
        with pytest.raises((longplay.SnapshotError, ValueError)) as refusal:
            read(bad)
        assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("kind", ["stream", "session", "piece"])
@given(data=st.data())
def test_a_snapshot_with_any_damage_is_refused(snapshots, kind, data):
    good, read = snapshots[kind]
    if data.draw(st.booleans()):
        bad = good[: data.draw(st.integers(0, len(good) - 1))]
    else:
        at = data.draw(st.integers(0, len(good) - 1))
        bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    with pytest.raises(longplay.SnapshotError):
        read(bad)


def sealed(body):
    return b"longplay state 5" + hashlib.sha256(body).digest() + body


@pytest.mark.parametrize("kind", ["stream", "session", "piece"])
@settings(max_examples=300)
@given(data=st.data())
def test_a_forged_snapshot_makes_music_or_is_refused(snapshots, kind, data):
    good, read = snapshots[kind]
    body = bytearray(good[HEAD:])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        size = data.draw(st.sampled_from([1, 4, 8]))
        value = st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\1" + b"\0" * 7, b"\x80" + b"\0" * 7, b"\x7f" * 8])
        body[at : at + size] = data.draw(value)[:size]
    cut = data.draw(st.sampled_from([0, 0, 0, 1, 100]))
    with contextlib.suppress(longplay.Error):
        read(sealed(bytes(body[: len(body) - cut])))


def forged(good, change):
    """Change the header of a snapshot and compute the digest again."""
    (length,) = struct.unpack_from("<I", good, HEAD)
    header = json.loads(good[HEAD + 4 : HEAD + 4 + length])
    text = json.dumps(change(header)).encode()
    return sealed(struct.pack("<I", len(text)) + text + good[HEAD + 4 + length :])


def put(*path, value):
    def change(header):
        entry = header
        for key in path[:-1]:
            entry = entry[key]
        entry[path[-1]] = value
        return header

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda header: [],
        lambda header: {},
        put("kind", value="symphony"),
        put("kind", value=[]),
        put("provenance", value=None),
        put("provenance", "settings", "temperature", value=-1),
        put("provenance", "settings", "temperature", value="warm"),
        put("provenance", "settings", "random_seed", value=1.5),
        put("provenance", "settings", "seconds", value=float("inf")),
        put("provenance", "settings", "tempo", value=120),
        put("provenance", "settings", "style", value=["ragtime"]),
        put("provenance", "candidate", value=-1),
        put("provenance", "candidate", value="first"),
        put("provenance", "steps", value=[{"events": -1, "branch": 0, "seconds": 60}]),
        put("provenance", "steps", value=[{"events": 1, "branch": 1.5, "seconds": 60}]),
        put("counts", "notes", value=2**60),
        put("counts", "notes", value=-1),
        put("counts", "state", value=True),
        put("counts", value=[]),
        put("drawn", value=-1),
        put("drawn", value="many"),
    ],
)
@pytest.mark.parametrize("kind", ["stream", "piece"])
def test_an_invalid_header_is_refused(snapshots, kind, change):
    good, read = snapshots[kind]
    read(forged(good, lambda header: header))
    with pytest.raises(longplay.SnapshotError):
        read(forged(good, change))


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 60_000, b"9" * 60_000, b"\xff\xfe"])
def test_a_header_that_is_no_json_is_refused(snapshots, text):
    for _, read in snapshots.values():
        with pytest.raises(longplay.SnapshotError):
            read(sealed(struct.pack("<I", len(text)) + text))


def test_a_header_longer_than_any_is_not_parsed(snapshots):
    good, read = snapshots["stream"]
    (length,) = struct.unpack_from("<I", good, HEAD)
    text = good[HEAD + 4 : HEAD + 4 + length].ljust(1 << 17)
    with pytest.raises(longplay.SnapshotError, match="header is too long: 131072 bytes"):
        read(sealed(struct.pack("<I", len(text)) + text + good[HEAD + 4 + length :]))


def test_bytes_left_over_are_refused(snapshots):
    for good, read in snapshots.values():
        with pytest.raises(longplay.SnapshotError, match=r"parts must have \d+ bytes, not \d+"):
            read(sealed(good[HEAD:] + bytes(16)))


def with_other(good, kind, *, position=None, notes=None, **parts):
    """Replace parts of a snapshot and pack it correctly."""
    (length,) = struct.unpack_from("<I", good, HEAD)
    model_hash = json.loads(good[HEAD + 4 : HEAD + 4 + length])["provenance"]["model_hash"]
    old = Snapshot.from_bytes(good, kind, model_hash, 4)
    core = _core.Snapshot(
        position(old.core.state) if position else old.core.state,
        old.core.events,
        old.core.notes if notes is None else np.array(notes, NOTE),
    )
    changed = {name: change(getattr(old, name)) for name, change in parts.items()}
    return dataclasses.replace(old, core=core, **changed).to_bytes()


@pytest.mark.parametrize(
    "notes",
    [
        [(10, 100, 60, 64), (0, 100, 62, 64)],
        [(-1, 100, 60, 64)],
        [(0, 0, 60, 64)],
        [(0, 86_400_001, 60, 64)],
        [(0, 100, 128, 64)],
        [(0, 100, 60, 0)],
        [(0, 100, 60, 128)],
        [(2**62, 100, 60, 64)],
    ],
)
def test_notes_that_cannot_be_are_refused(snapshots, notes):
    for kind in ("stream", "piece"):
        good, read = snapshots[kind]
        with pytest.raises(longplay.SnapshotError, match="notes are out of order or range"):
            read(with_other(good, kind, notes=notes))


def test_events_that_cannot_be_are_refused(snapshots):
    good, read = snapshots["piece"]

    def with_id(field, value):
        def change(events):
            events = events.copy()
            events[3, field] = value
            return events

        return change

    assert read(with_other(good, "piece", events=lambda events: events)).duration == 40
    for field, size in enumerate(tiny_model.SIZES):
        for wrong in (-1, size, 2**31 - 1):
            with pytest.raises(longplay.SnapshotError, match="events are not events of the model"):
                read(with_other(good, "piece", events=with_id(field, wrong)))
    with pytest.raises(longplay.SnapshotError, match="events do not lead to its decode state"):
        read(with_other(good, "piece", events=with_id(0, 7)))
    one_less = with_other(good, "piece", events=lambda ids: ids[:-1], log_probabilities=lambda nats: nats[:-1])
    with pytest.raises(longplay.SnapshotError, match="events do not lead to its decode state"):
        read(one_less)


def test_a_position_that_cannot_be_is_refused(snapshots):
    for kind, (good, read) in snapshots.items():
        with pytest.raises(longplay.SnapshotError, match="decode state ends too early"):
            read(with_other(good, kind, position=lambda position: position[:-1]))
        with pytest.raises(longplay.SnapshotError, match="decode state has bytes left over"):
            read(with_other(good, kind, position=lambda position: position + b"1"))


def test_provenance_survives_json(engine):
    piece = engine.generate(SEED, 30, extendable=True, top_p={"pitch": 0.5}, random_seed=2**64 - 1, style="ragtime")
    extended = engine.extend(piece.snapshot(), 60, branch=2**31 - 1)
    values = json.loads(json.dumps(extended.provenance.as_dict()))
    assert longplay.Provenance.from_dict(values) == extended.provenance
    assert extended.provenance.settings_now.random_seed != 2**64 - 1
