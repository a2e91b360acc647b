"""The commands `check`, `pack` and `clips`: exit codes, streams, files."""

import json

import mido
import pytest
import tiny_model
from command import run
from grader import CLIPS
from hours import made

import longplay


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make a safe hour, a short piece, and a file that is no MIDI file."""
    folder = tmp_path_factory.mktemp("files")
    hour = made([(500 * i, 400, 60 + i % 12, 64) for i in range(7199)])
    (folder / "safe.mid").write_bytes(longplay.write_midi(hour, 3600))
    (folder / "short.mid").write_bytes(longplay.write_midi(hour[:4], 3))
    (folder / "[red]no.mid").write_bytes(b"RIFF")
    return folder


def test_check_exits_with_0_when_all_files_are_safe_and_1_when_one_is_not(folder):
    done = run("check", folder / "safe.mid")
    assert (done.returncode, done.stderr) == (0, "")
    assert "accepted, safe, 3600.000 s" in done.stdout.replace("\n", " ")
    assert run("check", folder / "safe.mid", folder / "short.mid").returncode == 1


def test_check_gives_the_problem_and_the_remedy(folder):
    words = " ".join(run("check", folder / "short.mid", folder / "[red]no.mid").stdout.split())
    assert "refused, not safe" in words
    assert "it lasts 3.000000 s, not 3590 to 3610 s" in words
    assert "`longplay pack` continues it." in words
    assert "[red]no.mid" in words
    assert "cannot be read by mido: it does not begin with MThd at byte 0" in words


def test_check_lists_the_clips_when_asked(folder):
    table = run("check", folder / "safe.mid", "--clips").stdout
    rows = [line.split() for line in table.splitlines() if line.strip().endswith("s") and line.split()[0].isdigit()]
    assert [int(row[0]) for row in rows] == list(range(1, CLIPS + 1))


def test_check_prints_a_line_of_json_for_each_file(folder):
    done = run("check", folder / "safe.mid", folder / "short.mid", "--json")
    safe, short = map(json.loads, done.stdout.splitlines())
    assert (safe["outcome"], safe["safe"], len(safe["clips"])) == ("accepted", True, CLIPS)
    assert (short["outcome"], short["safe"], short["clips"]) == ("refused", False, [])
    assert short["findings"][0].keys() == {"name", "severity", "problem", "remedy"}


def test_pack_writes_a_safe_file_and_says_what_it_did(folder, tmp_path, tmp_path_factory):
    model = tiny_model.build(tmp_path_factory.mktemp("tiny"))
    out = tmp_path / "packed.mid"
    done = run("pack", folder / "short.mid", "--out", out, "--model", model)
    assert (done.returncode, done.stdout) == (0, f"the model continued from 1.500 s\n{out}\n")
    assert longplay.check(out).safe
    again = run("pack", folder / "short.mid", "--out", out, "--model", model)
    assert again.stderr == f"longplay: {out} exists. To overwrite it, give --force\n"


def test_clips_writes_120_files_that_mido_reads(folder, tmp_path):
    out = tmp_path / "clips"
    done = run("clips", folder / "safe.mid", "--out", out)
    assert (done.returncode, done.stdout) == (0, f"{out}: 120 clips\n")
    names = sorted(path.name for path in out.iterdir())
    assert names == [f"safe-{number:03d}.mid" for number in range(1, CLIPS + 1)]
    assert all(29.8 < mido.MidiFile(path).length < 30.2 for path in out.iterdir())


def test_clips_of_a_refused_file_are_not_made(folder, tmp_path):
    done = run("clips", folder / "short.mid", "--out", tmp_path / "clips")
    assert done.returncode == 1
    assert done.stderr.startswith("longplay: the grader makes no clips: refused, it lasts 3.000000 s")
    assert not (tmp_path / "clips").exists()
