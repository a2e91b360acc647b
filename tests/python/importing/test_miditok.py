"""Tokenizers of MidiTok: decoded notes are those of MidiTok, and no token is an error."""

import json
import os
from itertools import groupby
from pathlib import Path
from typing import Any

import miditok
import numpy as np
import pytest
import state_dicts
import symusic
import tiny_model
from miditok_cases import FILES, TOKENIZERS, WALKS, errors_of, keys_down, notes_of_miditok, same, tokenizer_of
from vocabularies import Walk

import longplay
from longplay.importing.miditok import import_miditok, vocabulary_of_miditok
from longplay.importing.miditok_tokens import read_tokens
from longplay.importing.torch import import_torch

TOKENS = 300  # of a walk
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {"use_time_signatures": False},
    "meters": {},
    "rests and tempos": {"use_rests": True, "use_tempos": True, "log_tempos": True},
    "programs": {"use_programs": True, "use_rests": True, "use_tempos": True},
    "few": {"use_programs": True, "programs": [-1, 0, 24, 40], "use_pitchdrum_tokens": False, "num_velocities": 8},
    "no velocities": {"use_velocities": False, "use_time_signatures": False},
    "no durations": {"use_note_duration_programs": [], "use_time_signatures": False, "use_rests": False},
}
CASES = [(kind, config) for kind in TOKENIZERS for config in CONFIGS]


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Any:
    folder = tmp_path_factory.mktemp("miditok")

    def save(kind: str, config: str) -> tuple[Any, Path]:
        path = folder / f"{kind} {config}.json"
        tokenizer = TOKENIZERS[kind](miditok.TokenizerConfig(**CONFIGS[config]))
        tokenizer.save(path)
        return tokenizer, path

    return save


def walk(vocabulary: dict[str, Any], random: np.random.Generator) -> tuple[list[int], Walk]:
    """Draw tokens that may follow each other: first a type, then a token of it. A tempo comes before the notes."""
    following = Walk(vocabulary)
    ids = {name: list(rows) for name, rows in by_type(vocabulary).items()}
    tokens: list[int] = []
    while len(tokens) < TOKENS or following.type not in ("Bar", "TimeShift", "Together"):
        then = following.first if following.type is None else following.types[following.type]["then"]
        name = random.choice([one for one in then if one != "End"])
        token = int(random.choice(ids[name]))
        comes_late = name == "Tempo" and following.struck[0] == following.time
        if following.may_follow(token) and not comes_late:
            list(following.take(token))
            tokens.append(token)
    return tokens, following


def by_type(vocabulary: dict[str, Any]) -> dict[str, list[int]]:
    ids = sorted(range(len(vocabulary["tokens"])), key=lambda token: vocabulary["tokens"][token][0])
    return {name: list(rows) for name, rows in groupby(ids, lambda token: vocabulary["tokens"][token][0])}


@pytest.mark.parametrize(("kind", "config"), CASES)
def test_names_are_those_of_miditok(saved, kind, config):
    tokenizer, path = saved(kind, config)
    assert list(read_tokens(path).names) == sorted(tokenizer.vocab, key=tokenizer.vocab.__getitem__)


@pytest.mark.parametrize(("kind", "config"), CASES)
def test_walks_have_the_notes_of_miditok_and_no_errors(saved, kind, config):
    tokenizer, path = saved(kind, config)
    vocabulary = vocabulary_of_miditok(path)
    ours = tokenizer_of(vocabulary)
    names = read_tokens(path).names
    for number in range(WALKS):
        tokens, end = walk(vocabulary, np.random.default_rng(number))
        found = ours.decode(np.array(tokens, np.int32)[:, None])
        # In MIDILike, notes without an end are none.
        open_keys = {key for key, presses in end.down.items() if presses} if kind == "MIDILike" else set()
        assert same(found, notes_of_miditok(tokenizer, tokens), but=open_keys)
        assert errors_of(tokenizer, [names[token] for token in tokens]) == sum(end.down.values())


@pytest.mark.parametrize(("kind", "config"), CASES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_files_have_the_notes_of_miditok(saved, kind, config, file):
    tokenizer, path = saved(kind, config)
    sequence = tokenizer.encode(symusic.Score(file))
    tokens = (sequence if tokenizer.one_token_stream else sequence[0]).ids
    found = tokenizer_of(vocabulary_of_miditok(path)).decode(np.array(tokens, np.int32)[:, None])
    assert len(found) > 0
    assert same(found, notes_of_miditok(tokenizer, tokens))


SECONDS = float(os.environ.get("LONGPLAY_RANDOM_SECONDS", "60"))


@pytest.mark.parametrize("config", ["rests and tempos", "programs", "few"])
@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_model_of_random_weights_makes_no_errors(saved, tmp_path, kind, config):
    tokenizer, path = saved(kind, config)
    names = read_tokens(path).names
    import_torch(state_dicts.save(tmp_path / "net.pt", state_dicts.lstm_arrays(len(names))), path, tmp_path / "net")
    engine = longplay.Engine(tmp_path / "net", "cpu", 1)
    for random_seed in range(2):
        piece = engine.generate(seconds=SECONDS, recital=False, random_seed=random_seed)
        tokens = [names[token] for token in piece.events[:, 0]]
        assert errors_of(tokenizer, tokens) == (keys_down(tokens) if kind == "MIDILike" else 0)
        assert len(piece.notes) > 10
        assert len(longplay.read_midi(piece.to_bytes(), keep_drums=True)) > 10


def test_a_tokenizer_gives_a_folder_its_meaning(saved, tmp_path):
    _, path = saved("REMI", "few")
    names = read_tokens(path).names
    folder = tiny_model.build_token(tmp_path / "model", soft=True, vocabulary=vocabulary_of_miditok(path))
    config = json.loads((folder / "config.json").read_text())
    del config["vocabulary"]
    (folder / "config.json").write_text(json.dumps(config))
    assert import_miditok(path, folder) == len(names)
    assert len(longplay.Engine(folder, "cpu", 1).generate(seconds=30).notes) > 10
    _, other = saved("REMI", "plain")
    with pytest.raises(
        longplay.ModelError, match=r"plain.json has .* tokens but .*model has .*: the vocabulary must be"
    ):
        import_miditok(other, folder)
    with pytest.raises(longplay.ModelError, match="must have one field of tokens, not time_shift, pitch"):
        import_miditok(path, tiny_model.build(tmp_path / "notes"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"use_sustain_pedals": True}, "use_sustain_pedals must be false, because the engine has no pedal"),
        ({"use_pitch_intervals": True}, "use_pitch_intervals must be false, because a pitch must not depend"),
        ({"use_programs": True, "program_changes": True}, "program_changes must be false, because each note"),
        (
            {"use_programs": True, "use_note_duration_programs": [0]},
            "use_note_duration_programs must hold all programs",
        ),
        ({"use_programs": True, "one_token_stream_for_programs": False}, "all programs must be in one stream"),
        ({"max_bar_embedding": 60}, "max_bar_embedding must not be set"),
    ],
)
def test_options_that_the_engine_cannot_play_are_refused_by_name(tmp_path, options, message):
    path = tmp_path / "tokenizer.json"
    miditok.REMI(miditok.TokenizerConfig(**options)).save(path)
    with pytest.raises(longplay.ModelError, match=message):
        vocabulary_of_miditok(path)


def test_other_tokenizers_and_files_are_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    miditok.Octuple(miditok.TokenizerConfig()).save(path)
    with pytest.raises(longplay.ModelError, match="must be one of REMI, TSD, MIDILike, Structured, not Octuple"):
        vocabulary_of_miditok(path)
    for text in ("[", "[]", "{}", '{"tokenization": "REMI", "config": {}}', '{"tokenization": "REMI", "config": 1}'):
        path.write_text(text)
        with pytest.raises(longplay.ModelError, match="is not a tokenizer that MidiTok 3 saved"):
            vocabulary_of_miditok(path)
