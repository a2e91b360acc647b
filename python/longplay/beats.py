"""Beats of played music, estimated from its notes."""

import numpy as np
from numpy.typing import NDArray

from longplay._base.cancel import Cancel, until
from longplay.midi import Notes, require_notes

FRAME_MS = 10
SHORTEST_MS, LONGEST_MS = 280, 900
"""Range of a beat: 67 to 214 beats a minute."""

USUAL_MS = 500
"""Middle of the range, which is preferred."""

WINDOW_MS, HOP_MS = 20_000, 5_000
"""The tempo is estimated in windows of this length, so many milliseconds apart."""

PREFERENCE_OCTAVES = 1.0
"""Standard deviation of the preference for beats near `USUAL_MS`."""

TIGHTNESS = 60.0
"""How much it costs to leave the tempo, compared with the strength of onsets."""


def estimate_beats(notes: Notes, duration: float, *, cancel: Cancel | None = None) -> NDArray[np.int64]:
    """Estimate the beats of a piece by dynamic programming [1]_.

    The tempo may change slowly. The first beat of a bar is not estimated.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        Of dtype `NOTE`.
    duration : float
        Length of the piece in seconds.
    cancel : threading.Event, optional
        As for `Engine.generate`.

    Returns
    -------
    int64 array, shape (beats,)
        Times in milliseconds, ascending. The first is 0, and the last is not before the end. Two neighbours are at most
        900 ms apart.

    References
    ----------
    .. [1] Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research 36(1), 2007.
    """
    require_notes(notes)
    end_ms = round(duration * 1000)
    if not len(notes):
        return _even(0, end_ms)
    strength = _strength(notes, end_ms)
    found = FRAME_MS * _track(strength, _periods(strength), cancel)
    return _whole(_snapped(found, notes["onset_ms"]), end_ms)


def _strength(notes: Notes, end_ms: int) -> NDArray[np.float64]:
    """Return how strongly notes start in each frame, in standard deviations; low and loud notes count more."""
    strength = np.zeros(end_ms // FRAME_MS + 1)
    weight = (0.3 + notes["velocity"] / 127) * np.where(notes["pitch"] < 55, 1.5, 1.0)
    np.add.at(strength, np.minimum(notes["onset_ms"] // FRAME_MS, len(strength) - 1), weight)
    strength = np.sqrt(np.convolve(strength, np.hanning(9)[1:-1], "same"))  # a chord is not much more than a note
    deviation = strength.std()
    return strength / deviation if deviation > 0 else strength


def _periods(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the likeliest beat at each frame, in frames."""
    size, hop = WINDOW_MS // FRAME_MS, HOP_MS // FRAME_MS
    lags = np.arange(SHORTEST_MS // FRAME_MS, LONGEST_MS // FRAME_MS + 1)
    preference = np.exp(-0.5 * (np.log2(lags * FRAME_MS / USUAL_MS) / PREFERENCE_OCTAVES) ** 2)
    starts = np.arange(0, max(1, len(strength) - size // 2), hop)
    found = []
    for start in starts:
        part = strength[start : start + size] - strength[start : start + size].mean()
        padded = np.fft.rfft(part, 2 * size)
        likeness = np.fft.irfft(np.abs(padded) ** 2)
        found.append(lags[np.argmax((likeness[lags] + 0.5 * likeness[2 * lags]) * preference)])
    centres = np.minimum(starts + size // 2, len(strength) - 1)
    periods: NDArray[np.float64] = np.interp(np.arange(len(strength)), centres, found)
    return periods


def _track(strength: NDArray[np.float64], periods: NDArray[np.float64], cancel: Cancel | None) -> NDArray[np.int64]:
    """Return the frames of the beats: strong onsets whose distances are near the periods."""
    best, before = strength.copy(), np.full(len(strength), -1)
    longest = LONGEST_MS // FRAME_MS
    offsets = np.arange(-longest, -(SHORTEST_MS // FRAME_MS) + 1)
    logarithms = np.log(-offsets)
    for frame in until(cancel, range(-int(offsets[-1]), len(strength))):
        first = max(0, -longest - int(offsets[0]), longest - frame)
        scores = best[frame + offsets[first:]] - TIGHTNESS * (logarithms[first:] - np.log(periods[frame])) ** 2
        choice = int(np.argmax(scores))
        best[frame] += scores[choice]
        before[frame] = frame + offsets[first + choice]
    frames = [len(strength) - 1 - int(np.argmax(best[: -longest - 1 : -1]))]
    while before[frames[-1]] >= 0:
        frames.append(int(before[frames[-1]]))
    return np.array(frames[::-1], np.int64)


def _snapped(beats: NDArray[np.int64], onsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the beats, each at the onset that is nearest if one is within two frames."""
    near = onsets[np.clip(np.searchsorted(onsets, beats), 0, len(onsets) - 1)]
    earlier = onsets[np.clip(np.searchsorted(onsets, beats) - 1, 0, len(onsets) - 1)]
    nearest = np.where(np.abs(near - beats) < np.abs(earlier - beats), near, earlier)
    return np.unique(np.where(np.abs(nearest - beats) <= 2 * FRAME_MS, nearest, beats))


def _whole(beats: NDArray[np.int64], end_ms: int) -> NDArray[np.int64]:
    """Return the beats of the whole piece: from 0 to its end, with as even beats as possible where none were found."""
    beats = beats[(beats >= SHORTEST_MS) & (beats < end_ms)]
    ends = np.concatenate([[0], beats])
    head = _even(0, int(ends[1]))[:-1] if len(beats) else np.array([], np.int64)
    tail = _even(int(ends[-1]), max(end_ms, int(ends[-1]) + SHORTEST_MS))
    return np.concatenate([head, beats[:-1], tail]) if len(beats) else tail


def _even(begin_ms: int, end_ms: int) -> NDArray[np.int64]:
    """Return even beats from one time to another, about `USUAL_MS` apart."""
    count = max(1, round((end_ms - begin_ms) / USUAL_MS))
    return np.linspace(begin_ms, end_ms, count + 1).round().astype(np.int64)
