"""Check how tunes and chorales are read with music21, which only these tests need."""

import warnings
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch, of the extra [train]")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    music21 = pytest.importorskip("music21", reason="reading scores needs music21, of the extra [recipes]")

from training.recipes.chorales import REST, VOICES, read_chorale
from training.recipes.tunes import MODES, read_tune

pytestmark = pytest.mark.filterwarnings("ignore")  # music21 issues warnings of its own

ABC = """X: 1
T: Made up
M: 2/4
L: 1/8
K: {key}
|: D | D>F (3AGF | z A {{f}}d2 | D3 :|
D4 | F4 | A4 | d4 |]
"""


def test_a_tune_is_moved_to_c_with_its_bars_and_repeats(tmp_path: Path) -> None:
    (tmp_path / "tune.abc").write_text(ABC.format(key="Ddor"), encoding="utf-8")
    tune = read_tune(tmp_path / "tune.abc", "val")
    assert tune is not None
    assert (tune.name, tune.split, tune.meter, tune.mode) == ("tune", "val", (2, 4), "dor")
    assert tune.bars[0].begins
    assert tune.bars[0].notes == [(60, 12)]
    assert tune.bars[1].notes[:2] == [(60, 18), (63, 6)]
    assert [ticks for _, ticks in tune.bars[1].notes[2:]] == [8, 8, 8]
    assert [pitch for pitch, _ in tune.bars[2].notes] == [-1, 67, 72]  # a rest; the grace note is left out
    assert [bar.repeats for bar in tune.bars[:4]] == [False, False, False, True]


def test_a_tune_in_another_mode_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "tune.abc").write_text(ABC.format(key="Dlyd"), encoding="utf-8")
    assert "lydian" not in MODES
    assert read_tune(tmp_path / "tune.abc", "val") is None


def written(folder: Path, names: tuple[str, ...]) -> Path:
    """Write a score of a bar: in each voice a note of a quarter, a rest, and a note that is tied into the next bar."""
    score = music21.stream.Score()
    for number, name in enumerate(names):
        part = music21.stream.Part()
        part.partName = name
        part.append(music21.meter.TimeSignature("4/4"))
        part.append(music21.note.Note(72 - 5 * number, quarterLength=1))
        part.append(music21.note.Rest(quarterLength=1))
        part.append(music21.note.Note(74 - 5 * number, quarterLength=4))
        score.append(part)
    score.makeNotation(inPlace=True)
    return Path(score.write("musicxml", fp=folder / "score.musicxml"))


def test_a_chorale_is_four_voices_on_a_grid_of_sixteenths(tmp_path: Path) -> None:
    chorale = read_chorale(written(tmp_path, VOICES), "train")
    assert chorale is not None
    assert chorale.pitches[:24, 0].tolist() == [72] * 4 + [REST] * 4 + [74] * 16
    assert chorale.strikes[:, 3].nonzero()[0].tolist() == [0, 8]
    assert chorale.pitches[0].tolist() == [72, 67, 62, 57]


def test_a_score_of_other_parts_is_left_out(tmp_path: Path) -> None:
    assert read_chorale(written(tmp_path, ("Soprano", "Alto", "Horn", "Bass")), "train") is None
