"""Provide a small data set of random pieces, in the form that `training.prepare` reads."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the package `training` is not installed

from made_up_music import made_up_notes

import longplay
from training import prepare
from training.corpus import Corpus

SOURCES = ("stanford_rolls", "piano_midi_de", "mutopia")


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    rows = []
    for source in SOURCES:
        (folder / "permissive" / source).mkdir(parents=True)
        for i, count in enumerate((5, 40, 75, 130, 20)):
            path = f"{source}/{i}.mid"
            notes = made_up_notes(random, 3 * count if source == "stanford_rolls" else count)
            seconds = int(notes["onset_ms"].max()) / 1000 + 2
            (folder / "permissive" / path).write_bytes(longplay.write_midi(notes, seconds))
            tier = "B" if source == "stanford_rolls" else "A"
            rows.append({"path": path, "source": source, "tier": tier, "split": "val" if i == 4 else "train"})
    with (folder / "permissive" / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="session")
def prepared(data_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prepared")
    prepare.main(["--data", str(data_set), "--out", str(out)])
    return out


@pytest.fixture(scope="session")
def corpus(prepared: Path) -> Corpus:
    return Corpus(prepared, "train")
