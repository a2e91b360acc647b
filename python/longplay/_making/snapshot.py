"""Snapshots: unfinished pieces, streams and sessions as bytes.

``docs/streaming.md`` describes the bytes. The reader trusts no byte: the digest finds damage, and then this module and
the core check every entry.
"""

import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.require import refuse_type, show
from longplay._base.text import reason
from longplay._core import SnapshotError
from longplay.midi import PROGRAM_NOTE
from longplay.provenance import Provenance

Kind: TypeAlias = Literal["piece", "stream", "session"]

_MAGIC = b"longplay state "
_FORMAT = b"5"
_DIGEST_BYTES = 32
_LONGEST_HEADER = 1 << 16
_TAKEN_BY = {"piece": "Engine.extend", "stream": "Engine.resume", "session": "Engine.resume_session"}

# Layout of the parts, the same on every machine.
_NOTE = np.dtype([("onset_ms", "<i8"), ("duration_ms", "<i8"), ("pitch", "u1"), ("velocity", "u1"), ("program", "u1")])
_ID = np.dtype("<i4")
_LOG_PROBABILITY = np.dtype("<f4")


@dataclass(frozen=True)
class Snapshot:
    """An unfinished piece, stream or session.

    Attributes
    ----------
    kind : "piece", "stream" or "session"
    provenance : Provenance
        Its provenance so far.
    core : _core.Snapshot
        The core's state.
    events, log_probabilities : int32 and float32 array, shape (events, fields)
        The events of a piece so far.
    """

    kind: Kind
    provenance: Provenance
    core: _core.Snapshot
    events: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 1), np.int32))
    log_probabilities: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 1), np.float32))

    def to_bytes(self) -> bytes:
        """Return the snapshot as bytes."""
        counts = {"state": len(self.core.state), "notes": len(self.core.notes), "events": len(self.events)}
        header = {
            "kind": self.kind,
            "provenance": self.provenance.as_dict(),
            "drawn": self.core.events,
            "counts": counts,
        }
        text = json.dumps(header).encode()
        body = b"".join(
            [
                struct.pack("<I", len(text)),
                text,
                self.core.state,
                self.core.notes.astype(_NOTE).tobytes(),
                self.events.astype(_ID).tobytes(),
                self.log_probabilities.astype(_LOG_PROBABILITY).tobytes(),
            ]
        )
        return _MAGIC + _FORMAT + hashlib.sha256(body).digest() + body

    def extension(self, settings: _core.Settings) -> _core.Extension:
        """Return the core's task that extends the piece, with settings that follow from its provenance."""
        length = self.provenance.settings_now.milliseconds
        return _core.Extension(self.core, length, self.events, self.log_probabilities, settings)

    @classmethod
    def from_bytes(cls, data: bytes, kind: Kind, model_hash: str, fields: int) -> "Snapshot":
        """Read a snapshot of this kind and model, whose events have so many fields.

        Raises
        ------
        SnapshotError
            The bytes are damaged, not a snapshot, or one of another format, kind or model.
        """
        body = _read_body(data)
        try:
            header, parts = _read_header(body)
            found = header["kind"]
            provenance = Provenance.from_dict(header["provenance"])
            counts, drawn = header["counts"], header["drawn"]
            if found != kind:
                raise SnapshotError(f"this is the snapshot of a {found}. To resume it, call {_TAKEN_BY[found]}")
            if provenance.model_hash != model_hash:
                raise SnapshotError(
                    f"the snapshot belongs to another model, {show(provenance.model)}. To fix this, open an Engine "
                    "with it"
                )
            state, notes, events, log_probabilities = _split(parts, counts, fields)
            core = _core.Snapshot(state, drawn, notes)
        except (KeyError, TypeError, ValueError, RecursionError) as problem:
            raise SnapshotError(f"the snapshot has an entry that is not valid: {reason(problem)}") from problem
        return cls(kind, provenance, core, events, log_probabilities)


def _read_body(data: bytes) -> bytes:
    """Return the bytes after the digest; refuse other formats and damage."""
    if not isinstance(data, bytes):
        refuse_type("snapshot", "bytes", data)
    start = len(_MAGIC) + len(_FORMAT)
    if data[: len(_MAGIC)] != _MAGIC:
        raise SnapshotError("these bytes are not a snapshot of longplay")
    if (found := data[len(_MAGIC) : start]) != _FORMAT:
        name = found.decode("ascii", "backslashreplace")
        raise SnapshotError(
            f"the snapshot has format {name!r}, but this version of longplay reads format {_FORMAT.decode()!r}. "
            "To fix this, use the version that wrote it"
        )
    body = data[start + _DIGEST_BYTES :]
    if hashlib.sha256(body).digest() != data[start : start + _DIGEST_BYTES]:
        raise SnapshotError("the snapshot is damaged: its digest does not match its bytes. To fix this, use a copy")
    return body


def _read_header(body: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(body) < 4:
        raise SnapshotError("the snapshot ends before its header")
    (length,) = struct.unpack_from("<I", body)
    if length > min(_LONGEST_HEADER, len(body) - 4):
        raise SnapshotError(f"the snapshot's header is too long: {length} bytes")
    return json.loads(body[4 : 4 + length]), memoryview(body)[4 + length :]


def _split(parts: memoryview, counts: dict[str, int], fields: int) -> tuple[bytes, Any, Any, Any]:
    """Return the four parts, whose sizes must match the counts."""
    state, notes, events = (counts[name] for name in ("state", "notes", "events"))
    if not all(type(count) is int and 0 <= count <= len(parts) for count in (state, notes, events)):
        raise SnapshotError("the snapshot's counts are out of range")
    ids = events * fields
    sizes = [state, notes * _NOTE.itemsize, ids * _ID.itemsize, ids * _LOG_PROBABILITY.itemsize]
    if sum(sizes) != len(parts):
        raise SnapshotError(f"the snapshot's parts must have {sum(sizes)} bytes, not {len(parts)}")
    first, second, third = np.cumsum(sizes[:3]).tolist()
    return (
        bytes(parts[:first]),
        np.frombuffer(parts[first:second], _NOTE).astype(PROGRAM_NOTE),
        np.frombuffer(parts[second:third], _ID).reshape(events, fields).astype(np.int32),
        np.frombuffer(parts[third:], _LOG_PROBABILITY).reshape(events, fields).astype(np.float32),
    )
