"""Check that keys are estimated, and how far each is from C major or A minor."""

from pathlib import Path

import numpy as np
import pytest
from more_data import DATA, more_data

import longplay
from training.dataset.keys import MAJOR_NAMES, MINOR_NAMES, estimate_key

CADENCE = np.array([60, 64, 67, 72, 65, 69, 72, 77, 67, 71, 74, 79, 65, 60, 64, 67, 72, 60])  # I IV V7 I
MINOR_CADENCE = np.array([57, 60, 64, 69, 62, 65, 69, 74, 64, 68, 71, 76, 74, 57, 60, 64, 69, 57])  # i iv V7 i


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_a_cadence_is_transposed_home_from_every_key(semitones: int) -> None:
    for notes, names, tonic in ((CADENCE, MAJOR_NAMES, 0), (MINOR_CADENCE, MINOR_NAMES, 9)):
        key = estimate_key(notes - semitones)
        assert key.name.split()[0] == names[(tonic - semitones) % 12]
        assert key.minor == (tonic == 9)
        assert key.semitones == semitones
        assert key.confidence > 0.1


def test_notes_in_no_key_have_no_confidence() -> None:
    assert estimate_key(np.arange(60, 72)).confidence == 0
    assert estimate_key(np.array([60, 64, 68])).confidence < 0.1 < estimate_key(CADENCE).confidence


# The keys of whole works. Their openings, of 20 to 30 s, may modulate.
SEED_KEYS = {
    "01_bach_invention14_score.mid": "Bb major",
    "02_bach_wtk1_prelude1_score.mid": "C major",
    "03_bach_sinfonia_bwv795_score.mid": "F minor",
    "04_beethoven_fur_elise_score.mid": "A minor",
    "05_beethoven_pathetique2_score.mid": "Ab major",
    "06_beethoven_appassionata3_score.mid": "F minor",
    "07_mozart_k331_alla_turca_score.mid": "A minor",
    "08_mozart_k457_1_score.mid": "C minor",
    "09_haydn_hob16_27_score.mid": "G major",
    "10_chopin_prelude28_4_score.mid": "E minor",
    "11_chopin_nocturne9_2_score.mid": "Bb minor",
    "12_schumann_traumerei_score.mid": "F major",
    "13_schubert_impromptu_d899_2_score.mid": "Eb major",
    "14_debussy_arabesque1_score.mid": "E major",
    "16_joplin_rag_score.mid": "F major",
    "18_tchaikovsky_january_score.mid": "A major",
    "19_albeniz_asturias_expr.mid": "G minor",
    "20_chopin_nocturne_expr.mid": "Db major",
    "21_debussy_clair_expr.mid": "Db major",
    "22_liszt_expr.mid": "Ab major",
    "23_rachmaninov_expr.mid": "G minor",
    "26_mozart_k545_expr.mid": "C major",
    "28_mendelssohn_expr.mid": "Eb major",
    "29_chopin_roll_perf.mid": "Ab major",
    "35_schubert_lied_voice_piano.mid": "D minor",
}

CADENCES = sorted((DATA / "cadences").rglob("*.mid"))
CADENCE_KEYS = {
    str(file): f"{file.stem[0].upper()}{file.stem[1:]}".replace("_flat", "b").replace("_sharp", "#").replace("_", " ")
    for file in CADENCES
}
# Each folder, the keys of its files, and how many of them may be estimated wrongly.
COLLECTIONS = [(DATA, CADENCE_KEYS, 0), *((folder, SEED_KEYS, 2) for folder in more_data("seeds"))]


@pytest.mark.parametrize(("folder", "known", "allowed"), COLLECTIONS, ids=[str(each[0].name) for each in COLLECTIONS])
def test_pieces_are_in_their_keys(folder: Path, known: dict[str, str], allowed: int) -> None:
    keys = {name: estimate_key(longplay.read_midi(folder / name)["pitch"]) for name in known}
    wrong = {name: key for name, key in keys.items() if key.name != known[name]}
    assert len(wrong) <= allowed, wrong
    sure = [name for name, key in keys.items() if key.confidence > 0.2]
    assert len(sure) >= 0.4 * len(keys) > 0
    assert not set(sure) & set(wrong)
