"""Training sets with faults: a line that names the file, and no memory for what is too long."""

import io
import os
import tarfile

import numpy as np
import pytest

import longplay
from longplay import _core, data_set
from longplay.midi import NOTE
from longplay.originality import Index, training_files

MIDI = longplay.write_midi(np.array([(0, 500, 60, 64)], NOTE), 1)
HEAD = "path,work_group,split\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set/a.mid").write_bytes(MIDI)
    return tmp_path / "set"


def test_a_file_that_is_too_long_is_skipped_unread(folder):
    os.truncate(folder / "a.mid", _core.MAX_MIDI_BYTES + 1)
    (folder / "b.mid").write_bytes(MIDI)
    with pytest.warns(UserWarning, match=r"^a\.mid was skipped: the file has more than"):
        assert [file.name for file in training_files([folder])] == ["b.mid"]


def test_of_a_member_of_an_archive_that_is_too_long_little_is_read(folder, tmp_path, monkeypatch):
    sparse = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "b.mid", "GNU.sparse.map": "0,512"}
    header = tarfile.TarInfo("b.mid")
    header.size, header.pax_headers = 512, sparse | {"GNU.sparse.size": str(1 << 60)}
    with tarfile.open(tmp_path / "data.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(header, io.BytesIO(bytes(512)))
        archive.add(folder / "a.mid", "a.mid")
    monkeypatch.setattr(data_set, "MAX_MIDI_BYTES", 2000)
    a, b = training_files([tmp_path / "data.tar"])
    assert (a.data, len(b.data)) == (MIDI, 2001)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"\xff\xfe\x00", r"^manifest\.csv must be a table of CSV in UTF-8: 'utf-8' codec"),
        (HEAD.encode() + b"a" * 200_000, r"^manifest\.csv must be a table of CSV in UTF-8: field larger"),
        (b"path,split\na.mid,train\n", r"^manifest\.csv must have rows and the columns .* work_group is missing$"),
        (HEAD.encode() + b"a.mid,a,train\na.mid\n", r"^manifest\.csv: work_group is missing in row 2$"),
        (b"split,work_group,path\ntrain,a\n", r"^manifest\.csv: path is missing in row 1$"),
        (HEAD.encode() + b"b.mid,a,train\n", r"^manifest\.csv lists b\.mid, which does not exist$"),
        (HEAD.encode() + b"a.mid,a,train\na.mid,a,train\n", r"^manifest\.csv lists a\.mid, which does not exist$"),
    ],
)
def test_a_manifest_with_a_fault_is_refused_by_name(folder, manifest, message):
    (folder / "manifest.csv").write_bytes(manifest)
    with pytest.raises(ValueError, match=message):
        list(training_files([folder]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_that_nobody_writes_to_is_no_archive(tmp_path):
    os.mkfifo(tmp_path / "data.tar")
    with pytest.raises(OSError, match=r"not a regular file.*data\.tar"):
        list(training_files([tmp_path / "data.tar"]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_that_nobody_writes_to_is_no_index(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"not a regular file.*pipe"):
        Index.open(tmp_path / "pipe")


def test_an_index_whose_file_changes_after_it_was_opened_stays_as_it_was(folder, tmp_path):
    Index.build(training_files([folder]), calibration=1).save(tmp_path / "index")
    opened = Index.open(tmp_path / "index")
    arrays = [opened.pitches, opened.series, opened.melody, opened.window_starts]
    before = [array.copy() for array in arrays]
    size = (tmp_path / "index").stat().st_size
    with (tmp_path / "index").open("r+b") as file:
        file.write(b"\xff" * size)
    os.truncate(tmp_path / "index", 100)
    for array, was in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, was)
