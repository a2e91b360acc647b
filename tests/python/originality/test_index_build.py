"""An index contains each of several equal works once."""

import numpy as np
import pytest

import longplay
from longplay.midi import NOTE
from longplay.originality import Index, TrainingFile


def work(name, semitones=0, tempo=1.0, changed=0):
    random = np.random.default_rng(7)
    notes = np.zeros(200, NOTE)
    notes["onset_ms"] = np.rint(250 * tempo * np.arange(200))
    notes["duration_ms"], notes["velocity"] = 200, 64
    notes["pitch"] = random.integers(45, 85, 200) + semitones
    notes["pitch"][:changed] += 1
    return TrainingFile(name, name, longplay.write_midi(notes, 120))


def build(*works):
    return Index.build(works, calibration=1, num_threads=1)


@pytest.mark.parametrize(
    ("copy", "how"),
    [
        (work("b.mid"), "a.mid"),
        (work("b.mid", tempo=1.1), "a.mid"),
        (work("b.mid", 2), r"a.mid, transposed by \+2 semitones"),
        (work("b.mid", -1), "a.mid, transposed by -1 semitone"),
    ],
)
def test_a_work_that_equals_an_earlier_one_is_left_out_with_a_warning(copy, how):
    with pytest.warns(UserWarning, match=f"^b.mid is left out: its notes equal those of {how}$"):
        index = build(copy, work("a.mid"))
    assert index.names == ["a.mid"]
    assert index.hash == build(work("a.mid")).hash


def test_each_copy_is_named_with_the_work_that_stays():
    with pytest.warns(UserWarning, match="is left out") as caught:
        index = build(work("a.mid"), *(work(f"{number}.mid", number) for number in range(1, 4)))
    assert index.names == ["1.mid"]
    assert [str(one.message).split()[0] for one in caught] == ["2.mid", "3.mid", "a.mid"]


def test_a_work_that_differs_by_a_note_stays():
    assert build(work("a.mid"), work("b.mid", changed=1)).names == ["a.mid", "b.mid"]
