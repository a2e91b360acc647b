"""Files appear complete, replace nothing unasked, and leave devices, pipes, links and modes as they are."""

import os
import stat
import threading
from pathlib import Path

import pytest

from longplay.files import remove_leftovers, whole_file, write_whole

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, links and modes of POSIX")


def write_late(path):
    """Write a file that another program writes meanwhile."""
    with whole_file(path, overwrite=False) as temporary:
        temporary.write_bytes(b"new")
        path.write_bytes(b"precious")


def test_a_file_that_appears_meanwhile_is_not_written_over(tmp_path):
    path = tmp_path / "out.mp3"
    with pytest.raises(FileExistsError, match=r"file exists.*out\.mp3"):
        write_late(path)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_is_written_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def link(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", link)
    write_whole(tmp_path / "out.mid", b"new", overwrite=False)
    assert (tmp_path / "out.mid").read_bytes() == b"new"
    with pytest.raises(FileExistsError):
        write_late(tmp_path / "other.mid")
    assert {path.name for path in tmp_path.iterdir()} == {"out.mid", "other.mid"}


def test_the_longest_name_can_be_written(tmp_path):
    path = tmp_path / ("n" * 251 + ".mid")
    write_whole(path, b"new", overwrite=False)
    assert path.read_bytes() == b"new"


def test_only_what_this_module_left_is_removed(tmp_path):
    foreign = [".film.mkv.part", ".a.mid.0123abcd.part", ".longplay-0123456789abcdef-0123abcd.part", ".longplay-.part"]
    for name in foreign:
        (tmp_path / name).touch()
    (killed := whole_file(tmp_path / "a.mid", overwrite=True)).__enter__()
    remove_leftovers(tmp_path, ["b.mid"])
    assert len(list(tmp_path.iterdir())) == len(foreign) + 1
    remove_leftovers(tmp_path, ["a.mid"])
    assert {path.name for path in tmp_path.iterdir()} == set(foreign)
    del killed


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_file_that_is_written_over_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "secret.mid"
    path.write_bytes(b"old")
    path.chmod(mode)
    with whole_file(path, overwrite=True) as temporary:
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600  # nobody else reads it meanwhile
        temporary.write_bytes(b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)


@posix
def test_a_link_is_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link, target = tmp_path / "link.mid", tmp_path / "elsewhere" / "real.mid"
    link.symlink_to(target)
    with pytest.raises(FileExistsError):
        write_whole(link, b"new", overwrite=False)
    for data in (b"one", b"two"):  # the target is missing, then it exists
        write_whole(link, data, overwrite=True)
        assert target.read_bytes() == data
    assert link.is_symlink()


@posix
def test_a_pipe_gets_the_bytes_and_stays_a_pipe(tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe")
    with pytest.raises(OSError, match="no program reads this pipe"):
        write_whole(pipe, b"new", overwrite=True)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    data = os.urandom(200_000)  # more than a pipe holds
    writer = threading.Thread(target=write_whole, args=(pipe, data), kwargs={"overwrite": True})
    writer.start()
    with os.fdopen(reader, "rb") as file:
        while (part := file.read(1)) == b"":
            pass  # the writer has not opened the pipe yet
        assert part + file.read() == data
    writer.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@posix
def test_a_device_stays_a_device():
    write_whole(device := Path(os.devnull), b"new", overwrite=True)
    assert stat.S_ISCHR(device.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there is no /dev/fd")
def test_what_has_no_name_is_written_into(tmp_path):
    with (tmp_path / "gone").open("w+b") as gone:
        gone.write(b"a longer text")
        gone.flush()
        (tmp_path / "gone").unlink()
        write_whole(Path(f"/dev/fd/{gone.fileno()}"), b"new", overwrite=True)
        gone.seek(0)
        assert gone.read() == b"new"
    read, write = os.pipe()
    write_whole(Path(f"/dev/fd/{write}"), b"new", overwrite=True)
    assert os.read(read, 9) == b"new"
    os.close(read)
    os.close(write)
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_circle_of_links_is_refused_and_stays(tmp_path):
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(OSError, match=r"symbolic links: '.*circle'"):
        write_whole(circle, b"new", overwrite=True)
    assert circle.is_symlink()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    full, nowhere = tmp_path / "full.mid", tmp_path / "nowhere.mid"
    full.symlink_to("/dev/full")
    nowhere.symlink_to(tmp_path / "gone" / "out.mid")
    with pytest.raises(OSError, match=r"No space left on device: '.*/full\.mid'$"):
        write_whole(full, b"new", overwrite=True)
    with pytest.raises(FileNotFoundError, match=r"'.*/nowhere\.mid'$"):
        write_whole(nowhere, b"new", overwrite=True)
