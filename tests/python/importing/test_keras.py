"""Networks of Keras: what is imported computes the same, and what is not is refused by name."""

import json
import os
from pathlib import Path

import h5py
import keras_files
import numpy as np
import pytest
from keras_files import both, dense, embedding, gru, lstm, normalization

import longplay
from longplay.importing.folder import LARGEST_DIFFERENCE, difference_of_windows, import_keras
from longplay.importing.symbols import vocabulary_of
from longplay.midi import NOTE

MELODY = ["60", "_", "62", "64", "r", "/", "67"]
SLICES = ["C4", "4.7.11", "E4", "B-3", "0.4.7"]
SEED = longplay.write_midi(np.array([(0, 250, 60, 80), (250, 500, 64, 80), (1000, 250, 62, 80)], NOTE), 2)


@pytest.fixture
def melody(tmp_path: Path) -> dict[str, Path]:
    """Write a network over one-hot symbols, whose window the file does not say."""
    random = np.random.default_rng(0)
    layers = [lstm(random, 7, 12, False), ("Dropout", {}, {}), dense(random, 12, 7, "softmax")]
    symbols = tmp_path / "symbols.json"
    symbols.write_text(json.dumps({symbol: number for number, symbol in enumerate(MELODY)}))
    model = keras_files.write(tmp_path / "melody.h5", layers, None, 7)
    return {"model": model, "vocabulary": symbols, "out": tmp_path / "melody"}


@pytest.fixture
def slices(tmp_path: Path) -> dict[str, Path]:
    """Write a deeper network over scaled ids."""
    random = np.random.default_rng(1)
    layers = [
        lstm(random, 1, 8, True),
        normalization(random, 8),
        lstm(random, 8, 6, False),
        dense(random, 6, 9, "relu"),
        dense(random, 9, 5, "linear"),
        ("Activation", {"activation": "softmax"}, {}),
    ]
    symbols = tmp_path / "symbols.npy"
    np.save(symbols, np.array(SLICES))
    model = keras_files.write(tmp_path / "slices.h5", layers, 10, 1)
    return {"model": model, "vocabulary": symbols, "out": tmp_path / "slices"}


def log_softmax(logits):
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def test_a_network_with_a_pad_reads_the_pad_before_the_first_symbol(melody):
    network = import_keras(**melody, window=5, pad="/")
    model = longplay.Model(melody["out"])
    window = [MELODY.index("/")] * 5
    assert model.start_event == (MELODY.index("/"),)
    for token in [*model.start_event, 0, 1, 1, 2, 3, 4, 0, 6]:
        window = [*window[1:], token]
        found = log_softmax(model.step(np.array([[token]]), np.empty((1, 0), np.int64))[0])
        assert np.abs(found - network.log_probabilities(np.array(window))).max() < LARGEST_DIFFERENCE


def test_a_network_without_a_pad_repeats_the_symbols_so_far(slices):
    network = import_keras(**slices)
    model = longplay.Model(slices["out"])
    tokens: list[int] = []
    for token in [5, 2, 3, 3, 1, 0, 4, 2, 1, 0, 3, 4, 2]:
        tokens += [token] * (token < 5)
        window = [(tokens or [0])[-1 - ago % max(len(tokens), 1)] for ago in range(9, -1, -1)]
        window = window if len(tokens) < 10 else tokens[-10:]
        found = log_softmax(model.step(np.array([[token]]), np.empty((1, 0), np.int64))[0])
        assert np.abs(found - network.log_probabilities(np.array(window))).max() < LARGEST_DIFFERENCE


def test_an_imported_melody_is_one_voice_from_the_seed_on(melody):
    import_keras(**melody, window=5, pad="/")
    engine = longplay.Engine(melody["out"], "cpu", 1)
    piece = engine.generate(SEED, seconds=60)
    assert set(piece.notes["pitch"]) <= {60, 62, 64, 67}
    ends = piece.notes["onset_ms"] + piece.notes["duration_ms"]
    assert (ends[:-1] <= piece.notes["onset_ms"][1:]).all()
    assert engine.tokenizer.encode(longplay.read_midi(SEED))[:, 0].tolist() == [0, 1, 3, 1, 1, 1, 4, 1, 2, 1, 4]
    together = list(engine.generate_batch([SEED, None, SEED], seconds=20))
    assert np.array_equal(together[0].events, engine.generate(SEED, seconds=20).events)


def test_an_imported_network_of_chords_plays_them(slices):
    import_keras(**slices)
    piece = longplay.Engine(slices["out"], "cpu", 1).generate(seconds=20)
    assert set(piece.notes["pitch"]) == {58, 60, 64, 67, 71}
    assert set(np.diff(np.unique(piece.notes["onset_ms"]))) == {250}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_by_hand(layer, inputs):
    """Return the outputs of every step, by the equations of Cho et al. (2014), as Keras orders the gates."""
    _, config, weights = layer
    kernel, recurrent = weights["kernel"], weights["recurrent_kernel"]
    bias, more = weights["bias"] if config["reset_after"] else (weights["bias"], 0 * weights["bias"])
    units = len(recurrent)
    hidden, outputs = np.zeros(units), []
    for one in inputs:
        given, before = one @ kernel + bias, hidden @ recurrent + more
        update = sigmoid(given[:units] + before[:units])
        reset = sigmoid(given[units : 2 * units] + before[units : 2 * units])
        last = before[2 * units :] * reset if config["reset_after"] else (reset * hidden) @ recurrent[:, 2 * units :]
        hidden = update * hidden + (1 - update) * np.tanh(given[2 * units :] + last)
        outputs.append(hidden)
    return np.array(outputs)


def side_of(layer, side):
    """Return one direction of a bidirectional layer, with weights as they are in a file."""
    _, config, weights = layer
    arrays = {key: np.float64(np.float32(array)) for key, array in weights.items()}
    return (
        None,
        config["layer"]["config"],
        {name: arrays[side + name] for name in ("kernel", "recurrent_kernel", "bias")},
    )


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("archive", [False, True])
def test_embeddings_and_gru_in_both_directions_compute_what_their_equations_say(tmp_path, after, archive):
    random = np.random.default_rng(2)
    table, inner, outer = (
        embedding(random, 7, 5),
        both(gru(random, 5, 4, True, after), gru(random, 5, 4, True, after)),
        both(gru(random, 8, 3, False, after), gru(random, 8, 3, False, after)),
    )
    last = dense(random, 6, 7, "softmax")
    layers = [table, inner, outer, last]
    symbols, out = tmp_path / "symbols.json", tmp_path / "out"
    symbols.write_text(json.dumps(MELODY))
    path = tmp_path / ("net.keras" if archive else "net.h5")
    model = keras_files.write_archive(path, layers, 6) if archive else keras_files.write(path, layers, 6, 7)
    network = import_keras(model, symbols, out)
    assert difference_of_windows(out, network) < LARGEST_DIFFERENCE
    values = table[2]["embeddings"].astype(np.float32)[[0, 3, 2, 5, 5, 1]].astype(np.float64)
    for layer in (inner, outer):
        forward = gru_by_hand(side_of(layer, "forward_"), values)
        backward = gru_by_hand(side_of(layer, "backward_"), values[::-1])
        values = np.concatenate([forward, backward[::-1]], axis=1)
        lasts = np.concatenate([forward[-1], backward[-1]])
    logits = lasts @ np.float64(np.float32(last[2]["kernel"])) + np.float64(np.float32(last[2]["bias"]))
    expected = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
    assert np.abs(network.log_probabilities(np.array([0, 3, 2, 5, 5, 1])) - expected).max() < 1e-12


def test_names_become_pitches():
    tokens = vocabulary_of(["C4", "C#5", "B-3", "A1", "0", "11.2.4"])["tokens"]
    assert [pitches for _, pitches in tokens] == [[60], [73], [58], [33], [60], [62, 64, 71]]


def test_sizes_that_do_not_belong_together_are_refused(melody, slices):
    melody["vocabulary"].write_text(json.dumps(MELODY[:6]))
    message = r"symbols.json has 6 symbols but .*melody.h5 has 7 outputs: the vocabulary must be the one"
    with pytest.raises(longplay.ModelError, match=message):
        import_keras(**melody, window=5)
    assert not melody["out"].exists()
    with pytest.raises(longplay.ModelError, match=r"window must be given, because .* does not say"):
        import_keras(**melody)
    with pytest.raises(longplay.ModelError, match=r"window must be 10, as in .*slices.h5, not 9"):
        import_keras(**slices, window=9)
    with pytest.raises(longplay.ModelError, match=r"pad must be a symbol of .*symbols.npy, not '/'"):
        import_keras(**slices, pad="/")


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ('{"60": 0, "62": 2}', "must give the ids 0 to 1, each to one symbol"),
        ('["60", "_", "H4"]', "a symbol of a melody must be a MIDI pitch, _, r or /, not 'H4'"),
        ('["60", "H4"]', "a symbol must be a note such as E4 or a chord such as 4.7.11, not '60'"),
        ("[1]", "must be a list of symbols or an object of symbols with their ids"),
        ("[", "is not a vocabulary in JSON, NumPy's format or a pickle"),
    ],
)
def test_symbols_that_mean_nothing_are_refused(melody, symbols, message):
    melody["vocabulary"].write_text(symbols)
    with pytest.raises(longplay.ModelError, match=message):
        import_keras(**melody, window=5)


def test_pickles_in_arrays_are_not_read(slices):
    np.save(slices["vocabulary"], np.array(["E4", None], object), allow_pickle=True)
    with pytest.raises(longplay.ModelError, match="is not a vocabulary in JSON, NumPy's format or a pickle"):
        import_keras(**slices)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (("Conv1D", {}, {}), "layer layer_0 must be of class LSTM, GRU, .*, Dropout, not Conv1D"),
        (("LSTM", {"activation": "relu", "return_sequences": False}, {}), "layer layer_0: activation must be tanh"),
        (("LSTM", {"return_sequences": False}, {}), "layer layer_0 has no kernel"),
        (("Dense", {"activation": "selu"}, {}), "layer layer_0: activation must be one of softmax, linear"),
    ],
)
def test_layers_that_cannot_be_imported_are_refused_by_name(melody, layer, message):
    keras_files.write(melody["model"], [layer], 5, 7)
    with pytest.raises(longplay.ModelError, match=message):
        import_keras(**melody)


def test_files_that_are_no_whole_models_are_refused(melody):
    melody["model"].write_bytes(b"no HDF5")
    with pytest.raises(longplay.ModelError, match="is not a model of Keras in HDF5"):
        import_keras(**melody, window=5)
    with h5py.File(melody["model"], "w") as file:
        file["weights"] = np.zeros(1)
    with pytest.raises(longplay.ModelError, match=r"must hold a whole model: save it by model.save"):
        import_keras(**melody, window=5)
    melody["out"].mkdir()
    with pytest.raises(longplay.ModelError, match="must not exist"):
        import_keras(**melody, window=5)


OTHERS = Path(os.environ.get("LONGPLAY_TEST_DATA", "nowhere")) / "third-party"


@pytest.mark.skipif(not OTHERS.is_dir(), reason="LONGPLAY_TEST_DATA names no folder with third-party/")
@pytest.mark.parametrize(
    ("name", "vocabulary", "options"),
    [
        ("melody-lstm.h5", "melody-lstm-mapping.json", {"window": 64, "pad": "/"}),
        ("chord-lstm.h5", "chord-lstm-pitchnames.npy", {}),
    ],
)
def test_networks_that_others_trained_compute_the_same(tmp_path, name, vocabulary, options):
    folder = tmp_path / "imported"
    network = import_keras(OTHERS / name, OTHERS / vocabulary, folder, **options)
    assert difference_of_windows(folder, network, 100) < LARGEST_DIFFERENCE
    assert len(longplay.Engine(folder, "cpu", 1).generate(seconds=30).notes) > 20
