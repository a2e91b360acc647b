"""Learned tokens of a MidiTok tokenizer, as the pieces of a vocabulary (docs/vocabularies.md)."""

import json
from collections.abc import Mapping
from typing import Any

from longplay._base.require import show
from longplay._core import ModelError

_WORD = "\u2581"  # the tokenizers package writes it before each word
_BOUNDARIES = {"no": "none", "bar": "bar", "beat": "beat"}  # the option encode_ids_split


def pieces_of(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key `pieces` for a tokenizer that was trained.

    Parameters
    ----------
    whole : mapping
        The ``tokenizer.json`` of MidiTok 3. Each base token is a character there, and each learned one a string.

    Raises
    ------
    ModelError
        The learned tokens are of another kind than BPE or Unigram; the message says which.
    KeyError, TypeError, ValueError, AttributeError
        The file is none of MidiTok.
    """
    model = json.loads(whole["_model"])["model"]
    kind = model["type"]
    if kind not in ("BPE", "Unigram"):
        raise ModelError(f"the learned tokens must be those of BPE or Unigram, not of {show(kind)}")
    base = whole["_vocab_base"]
    tokens = {text: base[name] for text, name in whole["_vocab_base_byte_to_token"].items()}
    texts = [text for text, _ in model["vocab"]] if kind == "Unigram" else by_id(model["vocab"])
    pieces = {"tokens": [_symbols(text, tokens) for text in texts], "words": _BOUNDARIES[_split(whole)]}
    if kind == "Unigram":
        return {**pieces, "scores": [score for _, score in model["vocab"]]}
    ids = model["vocab"]
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    return {**pieces, "merges": [[ids[left], ids[right]] for left, right in pairs]}


def _split(whole: Mapping[str, Any]) -> str:
    return str(whole["config"].get("encode_ids_split", "no"))


def by_id(vocabulary: Mapping[str, int]) -> list[str]:
    """Return the texts of a vocabulary in the order of their ids, which must be 0, 1, 2 and so on."""
    texts = sorted(vocabulary, key=vocabulary.__getitem__)
    if [vocabulary[text] for text in texts] != list(range(len(texts))):
        raise ValueError("an id is missing")
    return texts


def _symbols(text: str, tokens: Mapping[str, int]) -> list[int | None]:
    """Return the tokens of a piece, after None if it begins a word. A special token is a string of its own."""
    if text in tokens:
        return [tokens[text]]
    word: list[int | None] = [None] if text.startswith(_WORD) else []
    return word + [tokens[character] for character in text.removeprefix(_WORD)]
