"""The files of tests/data are those of `midi_files`, so that each can be read there."""

import midi_files
import pytest

FOLDERS = {"hostile": midi_files.HOSTILE, "seeds": midi_files.SEEDS}


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_are_as_the_code_has_them(request, folder):
    path = midi_files.DATA / folder
    if request.config.getoption("--update-golden"):
        path.mkdir(parents=True, exist_ok=True)
        for old in path.glob("*.mid"):
            old.unlink()
        for name, data in FOLDERS[folder].items():
            (path / f"{name}.mid").write_bytes(data)
    assert {file.stem: file.read_bytes() for file in path.glob("*.mid")} == FOLDERS[folder]


def test_a_variable_names_more_files(monkeypatch, tmp_path):
    monkeypatch.delenv(midi_files.VARIABLE, raising=False)
    own = midi_files.files("seeds")
    assert {path.stem for path in own} == set(midi_files.SEEDS)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/mine.midi").touch()
    monkeypatch.setenv(midi_files.VARIABLE, str(tmp_path))
    assert midi_files.files("seeds") == [*own, tmp_path / "seeds/mine.midi"]
    assert midi_files.files("hostile") == sorted((midi_files.DATA / "hostile").glob("*.mid"))
