"""Music as HTML for notebooks: a roll, and a player that needs no network."""

import json
from html import escape

import numpy as np
from numpy.typing import NDArray

MOST_NOTES = 20_000  # that are shown and played; a dense hour has twice as many
HEIGHT = 160  # pixels
LOWEST, HIGHEST = 21, 108  # keys of a piano

_PLAY = """
const button = this;
if (button.audio) { button.audio.close(); button.audio = null; button.textContent = "Play"; return; }
const audio = button.audio = new AudioContext(), notes = JSON.parse(button.dataset.notes);
button.textContent = "Stop";
let next = 0;
(function schedule() {
  if (button.audio !== audio) return;
  for (; next < notes.length && notes[next][0] / 1000 < audio.currentTime + 1; next++) {
    const [onset, duration, pitch, velocity] = notes[next];
    const start = onset / 1000 + 0.1, end = start + duration / 1000;
    const tone = audio.createOscillator(), gain = audio.createGain();
    tone.type = "triangle";
    tone.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
    gain.gain.setValueAtTime(velocity / 800, start);
    gain.gain.setTargetAtTime(0, start, 0.7);
    gain.gain.setTargetAtTime(0, end, 0.05);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(end + 0.3);
  }
  setTimeout(schedule, 300);
})();
"""


def notes_html(notes: NDArray[np.void], seconds: float) -> str:
    """Return a roll of notes as inline SVG, and a button that plays them with a synthesised tone.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        With the fields of `longplay.midi.NOTE`. The first 20,000 are shown and played.
    seconds : float
        Length of the music.
    """
    rows = [note[:4] for note in notes[:MOST_NOTES].tolist()]
    lines = "".join(f"M{onset} {HIGHEST - pitch}h{duration}" for onset, duration, pitch, _ in rows)
    title = f"{len(notes)} notes, {int(seconds // 60)}:{int(seconds % 60):02}"
    box = f"0 -1 {max(1, round(seconds * 1000))} {HIGHEST - LOWEST + 2}"
    return (
        f'<div><svg viewBox="{box}" preserveAspectRatio="none" width="100%" height="{HEIGHT}" role="img" '
        f'aria-label="{title}"><path d="{lines}" stroke="currentColor" stroke-width="{HEIGHT / 90:.1f}" '
        f'vector-effect="non-scaling-stroke"/></svg>'
        f'<button type="button" data-notes="{json.dumps(rows)}" onclick="{escape(_PLAY)}">Play</button> {title}</div>'
    )
