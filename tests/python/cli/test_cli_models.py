"""The list of models."""

import json
from pathlib import Path

import tiny_model
from command import run
from vocabularies import bars


def test_models_are_listed_with_what_they_play_their_size_and_licence(tmp_path: Path):
    folder = tiny_model.build_token(tmp_path / "mine", vocabulary=bars())
    (folder / "README.md").write_text("# mine\n\n**Licence**: CC0.\n")
    listed = {one["name"]: one for one in json.loads(run("models", str(folder), "--json").stdout)}
    assert list(listed) == ["piano", "piano-lstm", "piano-small", str(folder)]
    assert listed["piano"]["licence"] == "CC BY-SA 4.0"
    assert listed["piano"]["plays"] == "notes of 88 pitches"
    mine = listed[str(folder)]
    assert mine["plays"].endswith(" tokens: Bar, Position, Pitch, Velocity, Duration, Next, End")
    assert mine["bytes"] == sum(path.stat().st_size for path in folder.iterdir() if path.suffix in (".json", ".onnx"))
    assert mine["licence"] == "CC0"
    assert str(folder) in run("models", str(folder)).stdout
    assert "CC BY-SA 4.0" in run("models").stdout


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path):
    done = run("models", str(tmp_path))
    assert done.returncode == 1
    assert "config.json: cannot read" in done.stderr
