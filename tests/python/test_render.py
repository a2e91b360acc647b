"""MIDI files as sound."""

import os
import subprocess
import sys

import numpy as np
import pytest

import longplay
from longplay import render as module
from longplay.midi import NOTE

soundfile = pytest.importorskip("soundfile", reason="the extra [render] is not installed")
try:
    module._fluidsynth()
    module._soundfont(None)
    MISSING = ""
except longplay.Error as error:
    MISSING = str(error)
sounding = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def midi(*notes):
    return longplay.write_midi(np.array(list(notes), NOTE), 10)


def rendered(tmp_path, notes, **options):
    module.render(midi(*notes), tmp_path / "out.wav", **options)
    sound, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == module.SAMPLE_RATE
    return sound


def loudness(sound, start, end):
    rate = module.SAMPLE_RATE
    return float(np.sqrt((sound[int(start * rate) : int(end * rate)] ** 2).mean()))


@sounding
def test_a_note_sounds_from_its_onset_to_its_end_and_at_its_pitch(tmp_path):
    sound = rendered(tmp_path, [(1000, 1000, 69, 90)])
    assert loudness(sound, 0, 0.99) < 1e-4
    assert loudness(sound, 1, 2) > 20 * loudness(sound, 2.7, 3.2)
    spectrum = np.abs(np.fft.rfft(sound[module.SAMPLE_RATE : 2 * module.SAMPLE_RATE, 0]))
    assert abs(int(spectrum.argmax()) - 440) <= 2  # Hz: one second has bins of 1 Hz


@sounding
def test_as_heard_a_note_rings_out_whatever_its_length(tmp_path):
    short, long = (rendered(tmp_path, [(0, ms, 60, 90)], as_heard=True) for ms in (100, 3000))
    assert loudness(short, 1, 2) > 0.001
    np.testing.assert_array_equal(short[:80_000], long[:80_000])


@sounding
@pytest.mark.parametrize("velocity", [1, 10, 50, 127])
def test_as_heard_gain_is_velocity_over_100_and_the_tone_stays(tmp_path, velocity):
    reference = rendered(tmp_path, [(0, 100, 60, 100)], as_heard=True, gain=3)
    sound = rendered(tmp_path, [(0, 100, 60, velocity)], as_heard=True, gain=3)
    gain = loudness(sound, 0, 1) / loudness(reference, 0, 1)
    assert gain == pytest.approx(velocity / 100, rel=0.15 if velocity < 10 else 0.03)
    if velocity >= 50:
        correlation = np.corrcoef(sound[:40_000, 0], reference[:40_000, 0])[0, 1]
        assert correlation > 0.999


@sounding
def test_as_heard_a_repeated_note_does_not_damp_the_first(tmp_path):
    once = rendered(tmp_path, [(0, 100, 60, 80)], as_heard=True)
    twice = rendered(tmp_path, [(0, 100, 60, 80), (1000, 100, 60, 80)], as_heard=True)
    second = rendered(tmp_path, [(1000, 100, 60, 80)], as_heard=True)
    sum_ = once[:88_000] + second[:88_000]
    np.testing.assert_allclose(twice[:88_000], sum_, atol=2e-3)


@sounding
@pytest.mark.parametrize(("suffix", "kind"), [("wav", "WAV"), ("FLAC", "FLAC"), ("mp3", "MP3")])
def test_the_suffix_chooses_the_format(tmp_path, suffix, kind):
    path = tmp_path / f"out.{suffix}"
    module.render(midi((0, 500, 60, 90)), path)
    info = soundfile.info(path)
    assert (info.format, info.samplerate, info.channels) == (kind, module.SAMPLE_RATE, 2)
    assert list(tmp_path.iterdir()) == [path]


@sounding
def test_sound_is_made_in_chunks_and_ends_when_the_last_note_has_died_away():
    piano = module.Piano()
    notes = np.array([(0, 500, 60, 90), (8000, 500, 60, 90)], NOTE)
    chunks = list(piano.play(notes))
    piano.close()
    assert max(len(chunk) for chunk in chunks) <= module.CHUNK
    assert np.abs(chunks[-1]).max() < module.QUIET
    assert 8.5 < sum(map(len, chunks)) / module.SAMPLE_RATE < 8.5 + module.MAX_TAIL_SECONDS


@sounding
def test_progress_ends_with_the_whole(tmp_path):
    reports = []
    rendered(tmp_path, [(0, 2500, 60, 90)], progress=lambda done, whole: reports.append((done, whole)))
    assert reports == sorted(reports)
    assert reports[-1] == (2.5, 2.5)


@sounding
def test_a_failure_leaves_no_file_and_an_old_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "out.wav"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        module.render(midi((0, 500, 60, 90)), path, overwrite=False)

    def stop(done, whole):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module.render(midi((0, 500, 60, 90)), path, progress=stop)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"precious"


@sounding
def test_bad_arguments_are_named(tmp_path):
    notes = midi((0, 500, 60, 90))
    with pytest.raises(ValueError, match=r"out must end in \.wav, \.flac, \.mp3, not .*out\.ogg"):
        module.render(notes, tmp_path / "out.ogg")
    with pytest.raises(ValueError, match=r"gain must be in \(0, 10\], not 0"):
        module.render(notes, tmp_path / "out.wav", gain=0)
    with pytest.raises(ValueError, match="the MIDI file has no notes"):
        module.render(midi(), tmp_path / "out.wav")
    (tmp_path / "font.sf2").write_bytes(b"RIFF....WAVE")
    with pytest.raises(ValueError, match=r"soundfont must be a SoundFont 2 or 3 file, not .*font\.sf2"):
        module.render(notes, tmp_path / "out.wav", soundfont=tmp_path / "font.sf2")
    (tmp_path / "font.sf2").write_bytes(b"RIFF....sfbk")
    with pytest.raises(longplay.Error, match=r"FluidSynth cannot read the soundfont .*font\.sf2"):
        module.render(notes, tmp_path / "out.wav", soundfont=tmp_path / "font.sf2")


def test_a_missing_soundfont_is_said_with_the_remedy(monkeypatch):
    monkeypatch.setattr(module, "SOUNDFONTS", ())
    with pytest.raises(longplay.Error, match="apt install fluid-soundfont-gm, or pass --soundfont"):
        module._soundfont(None)


def test_a_missing_library_is_said_with_the_remedy(monkeypatch, tmp_path):
    (tmp_path / "fluidsynth.py").write_text('raise ImportError("Couldn\'t find the FluidSynth library.")')
    monkeypatch.delitem(sys.modules, "fluidsynth", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(longplay.Error, match="apt install fluidsynth fluid-soundfont-gm"):
        module._fluidsynth()


@pytest.mark.parametrize("package", ["fluidsynth", "soundfile"])
def test_a_missing_package_is_said_with_the_remedy(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(longplay.Error, match=r"pip install 'longplay\[render\]'"):
        getattr(module, f"_{package}")()


@sounding
def test_the_command_writes_the_file_and_prints_nothing_else(tmp_path):
    (tmp_path / "a.mid").write_bytes(midi((0, 500, 60, 90)))
    out = tmp_path / "a.flac"
    command = [sys.executable, "-m", "longplay", "render", str(tmp_path / "a.mid"), "--out", str(out), "--as-heard"]
    environment = os.environ | {"CI": "true"}  # then the package fluidsynth prints where it found its library
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stderr) == (1, f"longplay: {out} exists. To overwrite it, give --force\n")
