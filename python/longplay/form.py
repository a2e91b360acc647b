"""Numbers of the form that every piece keeps, as the core has them. See ``docs/pieces.md``."""

from longplay import _core

CLIPS = _core.CLIPS
"""Number of clips of an hour."""

CLIP_MS = _core.CLIP_MS
CLIP_SECONDS = CLIP_MS // 1000
CLIP_GRACE_MS = _core.CLIP_GRACE_MS
"""Latest first onset of a clip, from the start of the clip."""

MAX_GAP_MS = _core.MAX_GAP_MS
"""Longest time between two onsets within a piece."""

CLOSE_GAP_MS = _core.CLOSE_GAP_MS
"""Longest time between two onsets of the close of a piece."""

KEY_MS = _core.KEY_MS
"""Length of the music before the close that decides its key."""

SHORTEST_LOOP = _core.SHORTEST_LOOP
LONGEST_LOOP = _core.LONGEST_LOOP
"""Number of pitches in a loop that is forbidden."""
