"""MIDI files as annotated hex dumps, so that a test's bytes explain themselves."""

import re


def smf(dump: str) -> bytes:
    """Bytes of a hex dump; ``#`` starts a comment, blanks are ignored."""
    return bytes.fromhex(re.sub(r"#.*|\s", "", dump))


def file(*tracks: str, kind: int = 0, division: int = 500) -> bytes:
    """Make a file of the hex dumps of its tracks, and write all headers.

    With the default division a tick is a millisecond as long as there is no tempo event.
    """
    header = b"MThd" + bytes.fromhex(f"00000006 {kind:04x} {len(tracks):04x} {division:04x}")
    chunks = [smf(track) for track in tracks]
    return header + b"".join(b"MTrk" + len(chunk).to_bytes(4, "big") + chunk for chunk in chunks)
