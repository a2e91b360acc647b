"""Where a MIDI file may come from, and that a file beyond the limit takes no memory."""

import os
import sys
from pathlib import Path

import pytest
from smf import file

import longplay
from longplay import _core
from longplay.midi import midi_bytes

DATA = file("00 90 3c 40 0a 80 3c 00 00 ff 2f 00")


def test_a_path_and_bytes_are_the_same(tmp_path):
    path = tmp_path / "some.mid"
    path.write_bytes(DATA)
    assert midi_bytes(path) == midi_bytes(str(path)) == midi_bytes(DATA) == DATA


def test_a_link_is_followed(tmp_path):
    (tmp_path / "some.mid").write_bytes(DATA)
    (tmp_path / "link.mid").symlink_to("some.mid")
    assert midi_bytes(tmp_path / "link.mid") == DATA


def test_a_longer_file_is_read_whole(tmp_path):
    data = DATA + bytes(300_000)
    (tmp_path / "long.mid").write_bytes(data)
    assert midi_bytes(tmp_path / "long.mid") == data


def test_a_file_above_the_limit_is_refused_unread(tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "big.mid"
    path.write_bytes(b"MThd")
    os.truncate(path, 1 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(longplay.MidiError, match="the file has more than 268435456 bytes") as caught:
        longplay.read_midi(path)
    assert caught.value.offset == _core.MAX_MIDI_BYTES == 1 << 28
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB


def test_a_file_is_read_to_the_limit_and_not_beyond(tmp_path):
    path = tmp_path / "some.mid"
    path.write_bytes(bytes(100))
    assert len(midi_bytes(path, 100)) == 100
    path.write_bytes(bytes(101))
    with pytest.raises(longplay.MidiError, match="the file has more than 100 bytes"):
        midi_bytes(path, 100)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such devices")
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(name):
    with pytest.raises(OSError, match="not a regular file.*" + name):
        longplay.read_midi(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    with pytest.raises(OSError, match="not a regular file"):
        longplay.read_midi(tmp_path / "pipe.mid")


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(OSError, match=tmp_path.name):
        longplay.read_midi(tmp_path)
    with pytest.raises(FileNotFoundError):
        longplay.read_midi(tmp_path / "none.mid")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no such file")
def test_a_file_that_reports_no_size_is_read():
    assert midi_bytes("/proc/self/status").startswith(b"Name:")
