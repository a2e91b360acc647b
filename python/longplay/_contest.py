"""Constants of the challenge that several modules use: the hour, its clips, its gaps. See ``docs/challenge.md``."""

HOUR_SECONDS = 3600
TOLERANCE_SECONDS = 10
"""Largest difference from an hour that the grader accepts."""

CLIPS = 120
"""Number of clips into which the grader cuts an hour."""

CLIP_SECONDS = HOUR_SECONDS // CLIPS
CLIP_MS = 1000 * CLIP_SECONDS

MAX_GAP_MS = 3000
"""Longest time between two onsets; the engine keeps the same limit within a piece."""

MAX_FIRST_ONSET_MS = 500
"""Latest onset of the first note of a clip, from the start of the clip."""

MAX_VELOCITY = 100
"""Velocity at which the contest's page plays a note at full gain; the gain is velocity / 100."""
