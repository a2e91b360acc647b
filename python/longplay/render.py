"""Rendering of MIDI files to sound with FluidSynth and a soundfont. See ``docs/rendering.md``.

Needs the extra ``[render]``.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from longplay._base.cancel import Cancel, require_cancel, until
from longplay._base.challenge import MAX_VELOCITY
from longplay._base.extras import missing_extra
from longplay._base.require import require_callable, require_flag, require_number, require_path
from longplay._core import Error
from longplay.files import open_regular, whole_file
from longplay.midi import MidiSource, Notes, read_midi

SAMPLE_RATE = 44_100  # Hz
FORMATS = {".wav": "WAV", ".flac": "FLAC", ".mp3": "MP3"}
SOUNDFONTS = (  # default locations of Debian, Fedora and Arch
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf2/default-GM.sf2"),
    Path("/usr/share/soundfonts/FluidR3_GM.sf2"),
    Path("/usr/share/soundfonts/default.sf2"),
)
GAIN = 0.5  # FluidSynth's default of 0.2 is quiet for one piano
CHUNK = SAMPLE_RATE  # largest number of frames between two progress reports
QUIET = 33  # of 32767: -60 dB
MAX_TAIL_SECONDS = 20
VELOCITIES = 127  # twice as many are below channel 255, where FluidSynth's controllers access unused voices


class _Stroke(NamedTuple):
    """A key that goes down, or up if `velocity` is 0. Strokes sort by time, releases first."""

    frame: int
    velocity: int
    pitch: int


def render(
    source: MidiSource,
    out: str | Path,
    *,
    soundfont: str | Path | None = None,
    as_heard: bool = False,
    gain: float = GAIN,
    overwrite: bool = True,
    progress: Callable[[float, float], None] | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Render a MIDI file with a grand piano to a sound file: 16 bits, 44.1 kHz, stereo.

    The sound ends when the last note has decayed.

    Parameters
    ----------
    source : MidiSource
        MIDI file; see `read_midi`. Every program sounds as piano.
    out : path
        File to write; its suffix is ``.wav``, ``.flac`` or ``.mp3``.
    soundfont : path, optional
        SoundFont 2 or 3 file, of which bank 0, preset 0 is played; by default one of the system.
    as_heard : bool
        Play as the challenge's page does; docs/rendering.md lists the differences.
    gain : float
        Gain in ``(0, 10]``. Samples beyond the range of 16 bits are clipped.
    overwrite : bool
        Whether to replace an existing file.
    progress : callable, optional
        Called with (seconds rendered, seconds of the music).
    cancel : threading.Event, optional
        As for `Engine.generate`; it is looked at after each second of sound.

    Raises
    ------
    Error
        FluidSynth, a package or a soundfont is missing. The message has the command that installs it.
    ValueError, OSError
        `gain` or the suffix of `out` is out of range; there are no notes; a file cannot be opened.
    Cancelled
        `cancel` is set. No file is written.
    """
    require_cancel(cancel)
    require_callable("progress", progress)
    path, sound_format = require_path("out", out), _format_of(Path(out))
    notes = read_midi(source, keep_drums=as_heard, cancel=cancel)
    if not len(notes):
        raise ValueError("the MIDI file has no notes")
    length = float((notes["onset_ms"] + notes["duration_ms"]).max()) / 1000
    report = progress or (lambda done, all_seconds: None)
    with (
        closing(Piano(soundfont, gain=gain, ringing=require_flag("as_heard", as_heard))) as piano,
        whole_file(path, overwrite=require_flag("overwrite", overwrite)) as temporary,
        _sound_file(path, temporary, sound_format) as file,
    ):
        for chunk in until(cancel, piano.play(notes)):
            file.write(chunk)
            report(min(file.frames / SAMPLE_RATE, length), length)
    report(length, length)  # also if the sound decayed before the end


def require_renderer() -> None:
    """Raise Error if FluidSynth, a package or a soundfont is missing; the message has the command that installs it."""
    _fluidsynth()
    _soundfile()
    _soundfont(None)


def _format_of(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"out must end in {', '.join(FORMATS)}, not {path}")
    return FORMATS[suffix]


@contextmanager
def _sound_file(path: Path, temporary: Path, sound_format: str) -> Iterator[Any]:
    """Open a file for sound; raise OSError with its name where libsndfile does not give the system's reason."""
    soundfile = _soundfile()
    try:
        with soundfile.SoundFile(temporary, "w", samplerate=SAMPLE_RATE, channels=2, format=sound_format) as file:
            yield file
    except (soundfile.LibsndfileError, AssertionError) as error:  # the latter if only a part was written
        raise OSError(f"{path} cannot be written; perhaps the disk is full: {error or 'a part is missing'}") from error


class Piano:
    """A grand piano in FluidSynth.

    Parameters
    ----------
    soundfont : path, optional
        SoundFont 2 or 3 file; by default one of the system.
    gain : float
        Gain in ``(0, 10]``.
    ringing : bool
        Whether to play as the challenge's page does; see `as_heard` of `render`.

    Raises
    ------
    Error
        FluidSynth, a package or a soundfont is missing.
    ValueError
        `gain` is out of range, or `soundfont` is not a SoundFont file.
    OSError
        The soundfont cannot be opened.
    """

    def __init__(self, soundfont: str | Path | None = None, *, gain: float = GAIN, ringing: bool = False) -> None:
        require_number("gain", gain, 0, 10, open_low=True)
        path = _soundfont(None if soundfont is None else require_path("soundfont", soundfont))
        settings = {"synth.chorus.active": 0, "synth.reverb.active": int(not ringing), "synth.polyphony": 4096}
        self._synth: Any = _fluidsynth().Synth(gain=float(gain), samplerate=SAMPLE_RATE, **settings)
        self._ringing = ringing
        font = self._synth.sfload(str(path))
        if font < 0:
            raise Error(f"FluidSynth cannot read the soundfont {path}")
        for channel in range(2 * VELOCITIES if ringing else 1):
            self._synth.program_select(channel, font, 0, 0)
            if ringing:
                # Two channels for each velocity. FluidSynth's volume controller is quadratic.
                self._synth.cc(channel, 7, round(127 * np.sqrt((channel % VELOCITIES + 1) / VELOCITIES)))

    def play(self, notes: Notes) -> Iterator[NDArray[np.int16]]:
        """Yield the sound of notes in int16 chunks of shape (frames, 2), at most one second each."""
        strokes = sorted(self._strokes(notes))
        struck: Counter[tuple[int, int]] = Counter()
        now = 0
        for stroke in strokes:
            while now < stroke.frame:
                yield self._sound(min(stroke.frame - now, CHUNK))
                now = min(stroke.frame, now + CHUNK)
            if not stroke.velocity:
                self._synth.noteoff(0, stroke.pitch)
            elif self._ringing:
                # FluidSynth damps a note that is struck again on its channel, so the channels alternate.
                turn = struck[stroke.pitch, stroke.velocity] % 2
                struck[stroke.pitch, stroke.velocity] += 1
                self._synth.noteon(stroke.velocity - 1 + VELOCITIES * turn, stroke.pitch, MAX_VELOCITY)
            else:
                self._synth.noteon(0, stroke.pitch, stroke.velocity)
        for _ in range(MAX_TAIL_SECONDS):
            chunk = self._sound(CHUNK)
            yield chunk
            if np.abs(chunk).max() < QUIET:
                return

    def close(self) -> None:
        """Free the memory of the soundfont."""
        self._synth.delete()

    def _strokes(self, notes: Notes) -> Iterator[_Stroke]:
        for onset, duration, pitch, velocity in notes.tolist():
            yield _Stroke(onset * SAMPLE_RATE // 1000, velocity, pitch)
            if not self._ringing:
                yield _Stroke((onset + duration) * SAMPLE_RATE // 1000, 0, pitch)

    def _sound(self, frames: int) -> NDArray[np.int16]:
        return np.asarray(self._synth.get_samples(frames), np.int16).reshape(-1, 2)


def _soundfont(given: str | Path | None) -> Path:
    if given is None:
        for path in SOUNDFONTS:
            if path.is_file():
                return path
        raise Error("no soundfont was found. To fix this, run: apt install fluid-soundfont-gm, or pass --soundfont")
    path = Path(given)
    with open_regular(path) as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise ValueError(f"soundfont must be a SoundFont 2 or 3 file, not {path}")
    return path


def _fluidsynth() -> ModuleType:
    try:
        with redirect_stdout(io.StringIO()):  # it prints the location of the library
            import fluidsynth
    except ModuleNotFoundError:
        raise missing_extra("pyfluidsynth", "render") from None
    except ImportError as error:
        raise Error(
            "FluidSynth is not installed. To fix this, run: apt install fluidsynth fluid-soundfont-gm"
        ) from error
    module: ModuleType = fluidsynth
    return module


def _soundfile() -> ModuleType:
    try:
        import soundfile
    except ModuleNotFoundError:
        raise missing_extra("soundfile", "render") from None
    module: ModuleType = soundfile
    return module
