"""Tokenizers of MidiTok with learned tokens: pieces of BPE and Unigram."""

from pathlib import Path
from typing import Any

import miditok
import numpy as np
import pytest
import state_dicts
import symusic
from miditok_cases import FILES, TOKENIZERS, WALKS, errors_of, keys_down, notes_of_miditok, same, tokenizer_of
from vocabularies import Walk, tokens_of

import longplay
from longplay.importing.miditok import start_of_miditok, vocabulary_of_miditok
from longplay.importing.miditok_tokens import read_tokens
from longplay.importing.torch import import_torch

PIECES = 200  # of a walk
LEARNED = 200
CASES = [(kind, model) for kind in TOKENIZERS for model in ("BPE", "Unigram")]
OPTIONS = {"use_programs": True, "programs": [-1, 0, 24, 40], "use_rests": True, "use_tempos": True}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Any:
    folder = tmp_path_factory.mktemp("trained")

    def train(kind: str, model: str, **options: Any) -> tuple[Any, Path]:
        tokenizer = TOKENIZERS[kind](miditok.TokenizerConfig(**options))
        path = folder / f"{kind} {model} {len(options)} {options.get('encode_ids_split')}.json"
        if not path.exists():
            tokenizer.train(vocab_size=len(tokenizer.vocab) + LEARNED, model=model, files_paths=FILES)
            tokenizer.save(path)
        return TOKENIZERS[kind](params=path), path

    return train


def ids_of(tokenizer: Any, file: Path, **options: Any) -> list[int]:
    sequence = tokenizer.encode(symusic.Score(file), **options)
    return (sequence if tokenizer.one_token_stream else sequence[0]).ids


@pytest.mark.parametrize(("kind", "model"), CASES)
def test_walks_have_the_notes_of_miditok_and_no_errors(trained, kind, model):
    tokenizer, path = trained(kind, model, **OPTIONS)
    vocabulary = vocabulary_of_miditok(path)
    names = read_tokens(path).names
    pieces = vocabulary["pieces"]["tokens"]
    for number in range(WALKS):
        ids, end = walk(vocabulary, np.random.default_rng(number))
        found = tokenizer_of(vocabulary).decode(np.array(ids, np.int32)[:, None])
        expected = notes_of_miditok(tokenizer, ids, are_pieces=True)
        keys = {key for key, presses in end.down.items() if presses} if kind == "MIDILike" else set()
        assert same(found, expected, but=keys)
        assert len({len(pieces[one]) for one in ids}) > 1
        tokens = [names[token] for token in tokens_of(vocabulary, ids)]
        assert errors_of(tokenizer, tokens) == sum(end.down.values())


def walk(vocabulary: dict[str, Any], random: np.random.Generator) -> tuple[list[int], Walk]:
    """Draw pieces whose tokens may follow each other, up to one that lets time pass."""
    following = Walk(vocabulary)
    pieces = vocabulary["pieces"]["tokens"]
    ids: list[int] = []
    while len(ids) < PIECES or following.type not in ("Bar", "TimeShift", "Together"):
        one = int(random.integers(len(pieces)))
        tokens = [token for token in pieces[one] if token is not None]
        names = [vocabulary["tokens"][token][0] for token in tokens]
        before = following.copy()
        for name, token in zip(names, tokens, strict=True):
            comes_late = name == "Tempo" and following.struck[0] == following.time
            if name == "End" or comes_late or not following.may_follow(token):
                following = before
                break
            list(following.take(token))
        else:
            ids.append(one)
    return ids, following


@pytest.mark.parametrize("split", ["bar", "beat", "no"])
@pytest.mark.parametrize(("kind", "model"), CASES)
def test_files_have_the_notes_and_ids_of_miditok(trained, kind, model, split):
    tokenizer, path = trained(kind, model, use_time_signatures=False, encode_ids_split=split)
    vocabulary = vocabulary_of_miditok(path)
    ours = tokenizer_of(vocabulary)
    plain = tokenizer_of({key: value for key, value in vocabulary.items() if key != "pieces"})
    equal = 0
    for file in FILES:
        ids, base = ids_of(tokenizer, file), ids_of(tokenizer, file, encode_ids=False)
        notes = ours.decode(np.array(ids, np.int32)[:, None])
        assert len(notes) > 0
        assert same(notes, notes_of_miditok(tokenizer, ids, are_pieces=True))
        written = ours.encode(notes)[:, 0].tolist()
        assert np.array_equal(ours.decode(np.array(written, np.int32)[:, None]), notes)
        if plain.encode(notes)[:, 0].tolist() == base:  # the order of the tokens of a chord is free
            equal += 1
            assert written == ids
    assert equal >= 4


@pytest.mark.parametrize(("kind", "model"), CASES)
def test_a_model_of_random_weights_makes_no_errors(trained, tmp_path, kind, model):
    tokenizer, path = trained(kind, model, **OPTIONS)
    vocabulary = vocabulary_of_miditok(path)
    names = read_tokens(path).names
    size = len(vocabulary["pieces"]["tokens"])
    assert start_of_miditok(path) == tokenizer["BOS_None"]
    import_torch(state_dicts.save(tmp_path / "net.pt", state_dicts.lstm_arrays(size)), path, tmp_path / "net")
    engine = longplay.Engine(tmp_path / "net", "cpu", 1)
    piece = engine.generate(seconds=60, recital=False)
    assert len(piece.notes) > 10
    tokens = [names[token] for token in tokens_of(vocabulary, piece.events[:, 0].tolist())]
    assert errors_of(tokenizer, tokens) == (keys_down(tokens) if kind == "MIDILike" else 0)


def test_other_learned_tokens_are_refused(tmp_path):
    tokenizer = miditok.REMI(miditok.TokenizerConfig())
    tokenizer.train(vocab_size=500, model="WordPiece", files_paths=FILES[:1])
    tokenizer.save(tmp_path / "tokenizer.json")
    with pytest.raises(longplay.ModelError, match="must be those of BPE or Unigram, not of 'WordPiece'"):
        vocabulary_of_miditok(tmp_path / "tokenizer.json")
