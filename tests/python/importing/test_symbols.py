"""Vocabularies of symbols: JSON, and pickles that run nothing."""

import contextlib
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import longplay
from longplay.importing.symbols import read_symbols

SYMBOLS = ["4.7", "A4", "C5", "E4"]


class Runs:
    """Runs code if it is unpickled."""

    def __reduce__(self) -> Any:
        return print, ("unpickled",)


@pytest.mark.parametrize(
    "saved", [SYMBOLS, {"A4": 1, "4.7": 0, "E4": 3, "C5": 2}, set(SYMBOLS), ["E4", "A4", "C5", "E4", "4.7", "A4"]]
)
def test_a_pickle_holds_symbols(tmp_path, saved):
    path = tmp_path / "notes"
    path.write_bytes(pickle.dumps(saved))
    assert read_symbols(path) == SYMBOLS
    if not isinstance(saved, set):
        path.write_text(json.dumps(saved))
        assert read_symbols(path) == SYMBOLS


def test_a_pickle_that_names_code_is_refused_and_runs_nothing(tmp_path, capsys):
    path = tmp_path / "notes.pkl"
    path.write_bytes(pickle.dumps(["A4", Runs()]))
    with pytest.raises(longplay.ModelError, match=r"it must hold plain texts and numbers, without builtins\.print"):
        read_symbols(path)
    assert capsys.readouterr().out == ""


@given(st.binary(max_size=40), st.integers(0, 60), st.binary(max_size=3))
def test_damaged_pickles_are_refused_or_hold_symbols(tmp_path_factory, tail, at, inserted):
    good = pickle.dumps({"A4": 0, "C5": 1})
    path = tmp_path_factory.mktemp("pickles") / "notes.pkl"
    for data in (b"\x80" + tail, good[:at] + inserted + good[at + 1 :]):
        path.write_bytes(data)
        with contextlib.suppress(longplay.ModelError):
            assert all(isinstance(one, str) for one in read_symbols(path))


def test_what_is_no_list_of_symbols_is_refused(tmp_path):
    path = tmp_path / "notes.pkl"
    path.write_bytes(pickle.dumps([60, 62]))
    with pytest.raises(longplay.ModelError, match=r"notes\.pkl must be a list of symbols or an object"):
        read_symbols(path)
    path.write_bytes(pickle.dumps({"A4": 1}))
    with pytest.raises(longplay.ModelError, match="must give the ids 0 to 0, each to one symbol"):
        read_symbols(path)
