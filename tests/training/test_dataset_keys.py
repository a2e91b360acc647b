"""Keys of pieces, and how far they are from C major or A minor."""

from pathlib import Path

import numpy as np
import pytest

import longplay
from training.dataset.keys import MAJOR_NAMES, MINOR_NAMES, estimate_key

SEEDS = Path(__file__).parents[3] / "shared" / "data" / "seeds"

CADENCE = np.array([60, 64, 67, 72, 65, 69, 72, 77, 67, 71, 74, 79, 65, 60, 64, 67, 72, 60])  # I IV V7 I
MINOR_CADENCE = np.array([57, 60, 64, 69, 62, 65, 69, 74, 64, 68, 71, 76, 74, 57, 60, 64, 69, 57])  # i iv V7 i


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_a_cadence_is_brought_home_from_every_key(semitones: int) -> None:
    for notes, names, tonic in ((CADENCE, MAJOR_NAMES, 0), (MINOR_CADENCE, MINOR_NAMES, 9)):
        key = estimate_key(notes - semitones)
        assert key.name.split()[0] == names[(tonic - semitones) % 12]
        assert key.minor == (tonic == 9)
        assert key.semitones == semitones
        assert key.confidence > 0.1


def test_what_is_in_no_key_has_no_confidence() -> None:
    assert estimate_key(np.arange(60, 72)).confidence == 0
    assert estimate_key(np.array([60, 64, 68])).confidence < 0.1 < estimate_key(CADENCE).confidence


# What the works are in. Openings of 20 to 30 s may turn elsewhere.
SEED_KEYS = {
    "01_bach_invention14_score": "Bb major",
    "02_bach_wtk1_prelude1_score": "C major",
    "03_bach_sinfonia_bwv795_score": "F minor",
    "04_beethoven_fur_elise_score": "A minor",
    "05_beethoven_pathetique2_score": "Ab major",
    "06_beethoven_appassionata3_score": "F minor",
    "07_mozart_k331_alla_turca_score": "A minor",
    "08_mozart_k457_1_score": "C minor",
    "09_haydn_hob16_27_score": "G major",
    "10_chopin_prelude28_4_score": "E minor",
    "11_chopin_nocturne9_2_score": "Bb minor",
    "12_schumann_traumerei_score": "F major",
    "13_schubert_impromptu_d899_2_score": "Eb major",
    "14_debussy_arabesque1_score": "E major",
    "16_joplin_rag_score": "F major",
    "18_tchaikovsky_january_score": "A major",
    "19_albeniz_asturias_expr": "G minor",
    "20_chopin_nocturne_expr": "Db major",
    "21_debussy_clair_expr": "Db major",
    "22_liszt_expr": "Ab major",
    "23_rachmaninov_expr": "G minor",
    "26_mozart_k545_expr": "C major",
    "28_mendelssohn_expr": "Eb major",
    "29_chopin_roll_perf": "Ab major",
    "35_schubert_lied_voice_piano": "D minor",
}


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"no seeds in {SEEDS}")
def test_openings_of_known_works_are_in_their_keys() -> None:
    keys = {name: estimate_key(longplay.read_midi(SEEDS / f"{name}.mid")["pitch"]) for name in SEED_KEYS}
    wrong = {name: key for name, key in keys.items() if key.name != SEED_KEYS[name]}
    assert len(wrong) <= 2, wrong
    sure = [name for name, key in keys.items() if key.confidence > 0.2]
    assert len(sure) >= 10
    assert not set(sure) & set(wrong)
