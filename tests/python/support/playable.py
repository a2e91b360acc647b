"""A check, independent of the core, that a pianist can play music live."""

FINGERS, REACH, TOGETHER_MS = 5, 12, 50
MS_PER_SEMITONE, CROSSING_MS, REPEAT_MS = 10, 250, 100
ANY_LEAP_MS = TOGETHER_MS + MS_PER_SEMITONE * 128  # after this time a hand is anywhere


def unplayable(notes):
    """Count the notes that break a limit, however the notes before are shared between the hands."""
    shared = {()}  # ways to share the last notes: (onset, pitch, hand) each
    last = {}
    wrong = 0
    for onset, _, pitch, _ in notes.tolist():
        too_soon = onset - last.get(pitch, -REPEAT_MS) < REPEAT_MS
        last[pitch] = onset
        shared = {needed(way, onset) for way in shared}
        further = {(*way, (onset, pitch, hand)) for way in shared for hand in (0, 1) if fits(way, onset, pitch, hand)}
        wrong += too_soon or not further
        shared = further or shared
    return wrong


def needed(way, now):
    """Return the notes that can still limit a hand."""
    return tuple(one for at, one in enumerate(way) if now - one[0] <= CROSSING_MS or limits(one, way[at + 1 :], now))


def limits(one, later, now):
    """Whether a note limits the leaps of its hand more than each later one, which the hand has reached since."""
    onset, pitch, hand = one
    return now - onset < ANY_LEAP_MS and not any(
        whose == hand and abs(pitch - other) < (at - onset - TOGETHER_MS) // MS_PER_SEMITONE
        for at, other, whose in later
    )


def fits(way, onset, pitch, hand):
    """Whether a hand can strike a pitch after the notes so far."""
    fingers = 1
    for before, other, whose in way:
        ago = onset - before
        if whose != hand:
            right, left = (pitch, other) if hand else (other, pitch)
            if ago <= CROSSING_MS and left >= right:
                return False
            continue
        if abs(pitch - other) > REACH + max(0, ago - TOGETHER_MS) // MS_PER_SEMITONE:
            return False
        fingers += ago <= TOGETHER_MS
    return fingers <= FINGERS
