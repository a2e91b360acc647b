"""Make the arena's piano: one recording of every fourth key, from the grand piano of FluidR3 GM.

    python -m tools.arena_piano --soundfont /usr/share/sounds/sf2/FluidR3_GM.sf2

Writes ``python/longplay/pages/static/piano/KEY.mp3``, mono, until the tone has died away, at most `LONGEST` seconds.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from longplay.midi import NOTE
from longplay.render import SAMPLE_RATE, Piano

KEYS = range(21, 109, 4)  # a recording is played at most two semitones away from its own pitch
LONGEST = 7.0  # s
FADE = 1.5  # s, at the end of LONGEST
FAINT = 0.004  # of the peak; below this level, a tone is inaudible
PEAK = 0.6
FOLDER = Path(__file__).parents[1] / "python" / "longplay" / "pages" / "static" / "piano"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the recordings, and print how many bytes they take."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soundfont", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    tones = {}
    for key in KEYS:
        piano = Piano(args.soundfont, ringing=True)
        note = np.array([(0, 1000, key, 100)], NOTE)
        tones[key] = np.concatenate(list(piano.play(note))).mean(axis=1)
        piano.close()
    loudest = max(np.abs(tone).max() for tone in tones.values())
    for key, tone in tones.items():
        soundfile.write(args.out / f"{key}.mp3", _trimmed(tone) * PEAK / loudest, SAMPLE_RATE, compression_level=0.5)
    print(sum(path.stat().st_size for path in args.out.glob("*.mp3")), "bytes")


def _trimmed(tone: np.ndarray) -> np.ndarray:
    """Cut a tone to its audible part, at most `LONGEST` seconds, and fade it out."""
    audible = np.flatnonzero(np.abs(tone) > FAINT * np.abs(tone).max())
    tone = tone[audible[0] : min(audible[-1], audible[0] + int(LONGEST * SAMPLE_RATE))]
    fade = min(int(FADE * SAMPLE_RATE), len(tone) // 3)
    return np.concatenate([tone[:-fade], tone[-fade:] * np.linspace(1, 0, fade) ** 2])


if __name__ == "__main__":
    main()
