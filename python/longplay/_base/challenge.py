"""Constants of the challenge that several modules use. See ``docs/challenge.md``."""

from longplay.form import CLIP_SECONDS, CLIPS

HOUR_SECONDS = CLIPS * CLIP_SECONDS
TOLERANCE_SECONDS = 10
"""Largest difference from an hour that the grader accepts."""

MAX_VELOCITY = 100
"""Velocity at which the challenge's page plays a note at full gain; the gain is velocity / 100."""
