"""How much commands say, and how they find their files."""

import json
import re
from pathlib import Path

import command
import pytest
import typer

from longplay.cli import app, shared
from longplay.cli.manners import manners
from longplay.originality import Index, TrainingFile


@pytest.fixture(autouse=True)
def default_manners():
    yield
    manners.quiet = manners.verbose = False


def test_short_options_of_help_and_version():
    assert command.run("-h").stdout == command.run("--help").stdout
    assert command.run("check", "-h").stdout == command.run("check", "--help").stdout
    assert command.run("-V").stdout == command.run("--version").stdout


def test_a_random_seed_is_drawn_and_printed(tmp_path):
    options = ("--seconds", "2", "--model", "piano-lstm", "--out", tmp_path / "piece.mid", "--force")
    drawn = []
    for _ in range(2):
        done = command.run("generate", *options, "--random-seed", "random")
        drawn.append(int(re.fullmatch(r"longplay: random seed (\d+)\n", done.stderr)[1]))
        settings = json.loads((tmp_path / "piece.json").read_text())["provenance"]["settings"]
        assert settings["random_seed"] == drawn[-1]
    assert drawn[0] != drawn[1]
    quiet = command.run("generate", *options, "--random-seed", "random", "--quiet")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    wrong = command.run("generate", *options, "--random-seed", "dice")
    assert wrong.returncode == 2
    assert "must be an integer or random" in wrong.stderr


def test_quiet_and_verbose_change_the_messages(seed):
    damaged = seed.with_name("damaged.mid")
    damaged.write_bytes(seed.read_bytes()[:-6])
    assert command.run("score", damaged, "--model", "piano-lstm").stderr.startswith(f"longplay: {damaged}: ")
    assert command.run("score", damaged, "--model", "piano-lstm", "-q").stderr == ""
    assert command.run("score", "nowhere.mid").stderr.count("\n") == 1
    assert "Traceback" in command.run("score", "nowhere.mid", "-v").stderr


@pytest.mark.parametrize(
    ("words", "package"),
    [
        ("generate --out OUT.mid", "longplay"),
        ("accompany --out OUT.mid", "longplay"),
        ("score", "longplay"),
        ("pack --out OUT.mid", "longplay"),
        ("originality --index INDEX", "longplay"),
        ("plot --out OUT.png", "matplotlib"),
        ("notate --out OUT.musicxml", "music21"),
        ("render --out OUT.wav", "fluidsynth"),
    ],
)
def test_a_file_that_is_no_midi_file_is_named_with_what_to_do(tmp_path, seed, words, package):
    pytest.importorskip(package)
    Index.build([TrainingFile("a", "a", seed.read_bytes())], calibration=1, num_threads=1).save(tmp_path / "INDEX")
    letter = tmp_path / "letter.mid"
    letter.write_text("no music")
    name, *options = [str(tmp_path / word) if word.startswith(("OUT", "INDEX")) else word for word in words.split()]
    done = command.run(name, letter, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"longplay: {letter}: not a MIDI file: it does not begin with MThd at byte 0. "
        "To fix this, give a Standard MIDI File (.mid)\n"
    )


def test_every_command_has_the_options():
    group = typer.main.get_command(app).commands
    for name, found in group.items():
        for one in getattr(found, "commands", {name: found}).values():
            options = {option for parameter in one.params for option in parameter.opts}
            assert {"--quiet", "-q", "--verbose", "-v"} <= options, name


def test_folders_and_patterns_name_their_midi_files(tmp_path, monkeypatch):
    for name in ("b.mid", "a.MIDI", "c.txt"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    names = [[file.name for file in shared.midi_files([one])] for one in (tmp_path, tmp_path / "*.mid", Path("?.txt"))]
    assert names == [["a.MIDI", "b.mid"], ["b.mid"], ["c.txt"]]
    assert shared.midi_files([shared.STANDARD, Path("gone.mid")]) == [shared.STANDARD, Path("gone.mid")]
    (tmp_path / "[1].mid").touch()
    assert [file.name for file in shared.midi_files([Path("[1].mid")])] == ["[1].mid"]
    with pytest.raises(ValueError, match=r"names no MIDI files\. To fix this"):
        shared.midi_files([Path("*.midi")])


def test_a_line_a_minute_reports_progress_without_a_terminal(capsys):
    now = 0.0
    show = shared._lines(lambda: now)
    for _ in range(13):
        show(now, 3600, f"{now:.0f} of 3600 s of music,")
        now += 10
    assert capsys.readouterr().err == "longplay: 60 of 3600 s of music\nlongplay: 120 of 3600 s of music\n"
