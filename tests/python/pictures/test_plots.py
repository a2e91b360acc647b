"""Pictures of pieces, and the numbers they show."""

from xml.etree import ElementTree

import numpy as np
import pytest
from command import run, run_without
from hours import an_hour, made
from matplotlib.figure import Figure
from matplotlib.image import imread
from PIL import Image

import longplay
from longplay.pictures import plots
from longplay.pictures.clip_features import FEATURES, bands, clip_features


def test_features_of_a_clip_are_what_a_hand_counts():
    notes = made([(0, 100, 60, 40), (10_000, 100, 72, 80), (20_000, 100, 67, 60), (31_000, 100, 50, 50)])
    first, second = clip_features(notes, 60)
    assert dict(zip(FEATURES, first, strict=True)) == pytest.approx(
        {
            "notes per second": 0.1,
            "mean pitch": (60 + 72 + 67) / 3,
            "distinct pitches": 3,
            "pitch-class entropy": 2 / 3 * np.log2(3 / 2) + 1 / 3 * np.log2(3),
            "mean velocity": 60,
            "velocity spread": np.sqrt(800 / 3),
        }
    )
    assert second[:3] == pytest.approx([1 / 30, 50, 1])


def test_a_rest_is_a_clip_without_pitch_and_half_a_clip_counts_as_one():
    notes = made([(0, 100, 60, 40), (60_000, 100, 60, 40)])
    values = clip_features(notes, 76)
    assert len(values) == 3
    assert values[1, 0] == 0
    assert np.isnan(values[1, 1])
    assert values[2, 0] == pytest.approx(1 / 16)
    assert len(clip_features(notes, 74)) == 2
    assert clip_features(notes, 10).shape == (0, len(FEATURES))


def test_the_bands_are_of_the_features_and_in_order():
    assert tuple(bands()) == FEATURES
    assert all(low <= middle <= high for low, middle, high in bands().values())


def axes():
    return Figure().add_subplot()


def test_a_short_roll_has_a_line_for_each_note_that_is_seen():
    roll = axes()
    plots.piano_roll(roll, made([(0, 900, 60, 40), (2000, 500, 64, 127), (9000, 100, 66, 1)]), 3, start=1)
    (lines,) = roll.collections
    assert [segment.tolist() for segment in lines.get_segments()] == [[[2.0, 64.0], [2.5, 64.0]]]
    assert roll.get_xlim() == (1, 4)


def test_a_long_roll_shades_a_pitch_by_how_long_it_sounds():
    roll = axes()
    plots.piano_roll(roll, made([(0, 300, 60, 40), (6000, 150, 72, 40)]), 1200)  # columns of one second
    (image,) = roll.images
    shades = np.asarray(image.get_array())
    assert shades[60 - 58, 0] == pytest.approx(np.sqrt(0.3))
    assert shades[72 - 58, 6] == pytest.approx(np.sqrt(0.15))
    assert (shades > 0).sum() == 2


def test_what_returns_is_similar_to_what_it_was():
    """Two sections, A B A: A is as like A again as itself, and unlike B."""
    section = [(0, 4, 7), (2, 6, 9), (0, 4, 7)]
    notes = made([(60_000 * i, 59_000, 60 + pitch, 64) for i, chord in enumerate(section) for pitch in chord])
    matrix = axes()
    plots.self_similarity(matrix, notes, 180)
    (image,) = matrix.images
    alike = np.asarray(image.get_array())
    assert alike.shape == (360, 360)
    np.testing.assert_allclose(alike, alike.T)
    assert alike[10, 300] == pytest.approx(1)
    assert alike[10, 180] < 0


def test_a_clip_inside_a_band_is_counted_and_drawn_inside():
    middle = [round(values[1]) for values in bands().values()]
    notes = made([(100 * i, 100, middle[1], 127) for i in range(300)])  # louder than real music
    strip = axes()
    plots.band_comparison(strip, notes, 30)
    written = [text.get_text() for text in strip.texts if text.get_text().endswith("in")]
    # One pitch and one velocity are far less than a real clip has.
    assert dict(zip(FEATURES, written, strict=True)) == {
        "notes per second": "100% in",
        "mean pitch": "100% in",
        "distinct pitches": "0% in",
        "pitch-class entropy": "0% in",
        "mean velocity": "0% in",
        "velocity spread": "100% in",
    }


@pytest.mark.parametrize("picture", plots.PICTURES)
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_every_picture_is_written_and_is_the_same_each_time(picture, kind, tmp_path):
    notes = an_hour(0, notes=2000)
    first, second = tmp_path / f"first.{kind}", tmp_path / f"second.{kind}"
    for path in (first, second):
        plots.save(plots.PICTURES[picture](notes, 3600, "An hour"), path)
    assert first.read_bytes() == second.read_bytes()
    if kind == "svg":
        assert ElementTree.parse(first).getroot().tag.endswith("svg")
    else:
        assert 0.01 < (imread(first)[..., :3] < 0.9).any(axis=2).mean() < 0.9  # neither blank nor a blot


@pytest.mark.parametrize("notes", [[], [(0, 1, 60, 64)]])
def test_next_to_nothing_can_be_drawn(notes, tmp_path):
    for name, picture in plots.PICTURES.items():
        plots.save(picture(made(notes), 1.0), tmp_path / f"{name}.png")


def test_a_picture_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"end in \.png or \.svg, not '\.gif'"):
        plots.save(Figure(), tmp_path / "a.gif")
    with pytest.raises(ValueError, match=r"dpi must be in \[20, 1000\], not 19"):
        plots.save(Figure(), tmp_path / "a.png", dpi=19)


@pytest.mark.parametrize(("dpi", "size"), [(150, (750, 750)), (50, (250, 250))])
def test_a_png_has_the_size_asked_for_and_256_colours_at_most(tmp_path, dpi, size):
    plots.save(plots.PICTURES["similarity"](an_hour(0), 3600, "An hour"), tmp_path / "a.png", dpi=dpi)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == size
        assert image.mode == "P"


def test_the_command_draws_a_file_and_keeps_what_is_there(tmp_path):
    file, out = tmp_path / "a.mid", tmp_path / "a.png"
    file.write_bytes(longplay.write_midi(made([(0, 900, 60, 40)]), 2))
    done = run("plot", file, "--out", out, "--picture", "roll")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")
    assert out.read_bytes().startswith(b"\x89PNG")
    assert run("plot", file, "--out", out).stderr == f"longplay: {out} exists. To overwrite it, give --force\n"
    assert "picture must be one of page" in run("plot", file, "--out", tmp_path / "b.png", "--picture", "oil").stderr


@pytest.mark.parametrize(
    "command",
    [
        ["plot", "a.mid", "--out", "a.png"],
        ["bench", "--plot", "a.png"],
        ["originality", "a.mid", "--index", "a.index", "--plot", "a.png"],
        ["submit", ".", "--index", "a.index"],
    ],
    ids=lambda command: command[0],
)
def test_without_matplotlib_one_line_says_how_to_install_it(command):
    done = run_without("matplotlib", *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "longplay: matplotlib is not installed. To fix this, run: pip install 'longplay[plot]'\n"
