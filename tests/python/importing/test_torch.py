"""State dicts of PyTorch: what is imported computes the same, and a pickle names nothing but arrays."""

import json
import struct
from pathlib import Path
from typing import Any

import miditok
import numpy as np
import pytest
from state_dicts import lstm_arrays, save

import longplay
from longplay.importing.language import Gpt2, LstmModel, language_model
from longplay.importing.miditok_tokens import read_tokens
from longplay.importing.state_dict import read_state_dict
from longplay.importing.torch import LARGEST_DIFFERENCE, import_torch
from longplay.importing.writing import largest_difference

MELODY = ["60", "_", "62", "64", "r", "/", "67"]


def gpt2_arrays(tokens: int, width: int = 12, context: int = 9, blocks: int = 2) -> dict[str, Any]:
    random = np.random.default_rng(1)
    shapes = {"wte.weight": (tokens, width), "wpe.weight": (context, width), "ln_f.weight": (width,)}
    shapes |= {"ln_f.bias": (width,)}
    for number in range(blocks):
        inner = {"attn.c_attn": (width, 3 * width), "attn.c_proj": (width, width)}
        inner |= {"mlp.c_fc": (width, 4 * width), "mlp.c_proj": (4 * width, width), "ln_1": (width,), "ln_2": (width,)}
        for name, shape in inner.items():
            shapes |= {f"h.{number}.{name}.weight": shape, f"h.{number}.{name}.bias": shape[-1:]}
    return {f"transformer.{name}": random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def safetensors(path: Path, arrays: dict[str, Any]) -> Path:
    header, body = {}, b""
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(body), len(body) + array.nbytes]}
        body += array.tobytes()
    text = json.dumps({**header, "__metadata__": {"format": "pt"}}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


@pytest.fixture
def symbols(tmp_path: Path) -> Path:
    path = tmp_path / "symbols.json"
    path.write_text(json.dumps(MELODY))
    return path


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    path = tmp_path / "tokenizer.json"
    miditok.REMI(miditok.TokenizerConfig(use_programs=True, programs=[-1, 0, 40], use_tempos=True)).save(path)
    return path


def size_of(tokenizer: Path) -> int:
    return len(read_tokens(tokenizer).names)


def test_an_lstm_computes_the_same_and_plays(tmp_path, symbols):
    model = save(tmp_path / "model.pt", {"epoch": 3, "model_state_dict": lstm_arrays(len(MELODY))})
    network = import_torch(model, symbols, tmp_path / "out")
    assert isinstance(network, LstmModel)
    assert largest_difference(tmp_path / "out", network.log_probabilities, last=200) < LARGEST_DIFFERENCE
    engine = longplay.Engine(tmp_path / "out", "cpu", 1)
    together = list(engine.generate_batch([None, None, None], seconds=20))
    assert set(together[0].notes["pitch"]) <= {60, 62, 64, 67}
    assert together[0] == engine.generate(seconds=20)


def test_an_embedding_may_come_after_the_linear_layer():
    arrays = {name: array.astype(np.float64) for name, array in lstm_arrays(3, width=6).items()}
    last = {"embedding.weight": arrays.pop("embedding.weight")}
    network = language_model("net", {**arrays, **last}, None)
    assert isinstance(network, LstmModel)
    assert np.array_equal(network.embedding, last["embedding.weight"])


def test_an_lstm_reads_as_its_equations_say():
    arrays = lstm_arrays(3, layers=1)
    network = language_model("net", {name: array.astype(np.float64) for name, array in arrays.items()}, None)
    hidden = cell = np.zeros(6)
    for token in (2, 0, 1, 1):
        gates = arrays["rnn.weight_ih_l0"] @ arrays["embedding.weight"][token] + arrays["rnn.bias_ih_l0"]
        gates = gates + arrays["rnn.weight_hh_l0"] @ hidden + arrays["rnn.bias_hh_l0"]
        i, f, g, o = gates.reshape(4, 6).astype(np.float64)
        cell = cell / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        hidden = np.tanh(cell) / (1 + np.exp(-o))
    logits = arrays["out.weight"] @ hidden + arrays["out.bias"]
    expected = logits - np.log(np.exp(logits).sum())
    assert np.abs(network.log_probabilities([2, 0, 1, 1]) - expected).max() < 1e-6


@pytest.mark.parametrize("has_head", [False, True])
def test_gpt2_computes_the_same_in_steps_and_plays_every_program(tmp_path, tokenizer, has_head):
    tokens = size_of(tokenizer)
    arrays = gpt2_arrays(tokens, context=40)
    if has_head:
        arrays["lm_head.weight"] = np.random.default_rng(3).normal(0, 0.3, (tokens, 12)).astype(np.float32)
    model = safetensors(tmp_path / "model.safetensors", arrays)
    (tmp_path / "config.json").write_text(json.dumps({"n_head": 3}))
    network = import_torch(model, tokenizer, tmp_path / "out")
    assert isinstance(network, Gpt2)
    assert network.heads == 3
    piece = longplay.Engine(tmp_path / "out", "cpu", 1).generate(seconds=60)
    assert set(piece.notes["program"]) == {0, 40, longplay.midi.DRUMS}
    score = piece.to_symusic()
    assert {(track.program, track.is_drum) for track in score.tracks} == {(0, False), (40, False), (0, True)}
    assert sum(len(track.notes) for track in score.tracks) == len(piece.notes)


def test_gpt2_plays_on_beyond_its_context(tmp_path, symbols):
    model = safetensors(tmp_path / "model.safetensors", gpt2_arrays(len(MELODY)))
    import_torch(model, symbols, tmp_path / "out", heads=2)
    engine = longplay.Engine(tmp_path / "out", "cpu", 1)
    piece = engine.generate(seconds=60)
    assert len(piece.events) > 100
    assert piece == next(iter(engine.generate_batch([None, None], seconds=60)))


@pytest.mark.parametrize("kind", ["<f2", "<f8"])
def test_arrays_of_other_kinds_and_strides_are_read(tmp_path, kind):
    array = np.arange(6).reshape(2, 3).astype(kind)
    found = read_state_dict(save(tmp_path / "model.pt", {"a": array, "b": np.asfortranarray(array)}))
    assert found["a"].tolist() == found["b"].tolist() == array.tolist()


class Evil:
    def __reduce__(self) -> Any:
        return print, ("a pickle must run nothing",)


def test_a_pickle_runs_nothing(tmp_path, symbols, capsys):
    model = save(tmp_path / "model.pt", {"a": np.zeros(1, np.float32), "b": Evil()})
    with pytest.raises(longplay.ModelError, match=r"must hold a state dict, without .*print; save model.state_dict"):
        import_torch(model, symbols, tmp_path / "out")
    assert capsys.readouterr().out == ""


def change(arrays: dict[str, Any], name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {**arrays, name: np.zeros(shape, np.float32)}


@pytest.mark.parametrize(
    ("arrays", "heads", "message"),
    [
        (lstm_arrays(8), None, r"symbols.json has 7 tokens but .*model.pt has 8: the vocabulary must be the one"),
        (gpt2_arrays(7), None, "heads must be given, because .* does not say how many attention heads"),
        (gpt2_arrays(7), 5, r"heads must divide the width of .*model.pt, 12, not 5"),
        (
            change(gpt2_arrays(7), "transformer.h.1.mlp.c_proj.bias", (9,)),
            2,
            r"mlp.c_proj.bias must have shape \(12,\)",
        ),
        (change(lstm_arrays(7), "embedding.weight", (7, 9)), None, "the embedding has a width of 9 but the first LSTM"),
        (change(lstm_arrays(7), "out.weight", (8, 6)), None, "the embedding has 7 tokens but the linear layer 8"),
        (
            change(lstm_arrays(7), "norm.weight", (6,)),
            None,
            "must have an embedding and a linear layer beside",
        ),
        (change(lstm_arrays(7), "rnn.weight_hr_l0", (3, 6)), None, "must have an embedding and a linear layer beside"),
        ({"a.weight": np.zeros((2, 2), np.float32)}, None, "must be a GPT-2, or have one stack of LSTM layers"),
        ({}, None, "it must hold a state dict"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, symbols, arrays, heads, message):
    with pytest.raises(longplay.ModelError, match=message):
        import_torch(save(tmp_path / "model.pt", arrays), symbols, tmp_path / "out", heads=heads)
    assert not (tmp_path / "out").exists()


def test_files_that_are_no_state_dicts_are_refused(tmp_path, symbols):
    (tmp_path / "model.pt").write_bytes(b"no archive")
    with pytest.raises(longplay.ModelError, match=r"must be a state dict that torch.save of PyTorch"):
        import_torch(tmp_path / "model.pt", symbols, tmp_path / "out")
    (tmp_path / "model.safetensors").write_bytes(b"12345678")
    with pytest.raises(longplay.ModelError, match="is not a state dict that PyTorch saved"):
        import_torch(tmp_path / "model.safetensors", symbols, tmp_path / "out")
