"""Words as settings: what a prompt such as "calm, slow, D minor" means.

The mapping is a table. A prompt is read without a network and without a model, and a word that is not in the table is
refused.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from longplay._base.require import refuse_type, show
from longplay.settings import Settings

Values: TypeAlias = Mapping[str, Any]
"""Values of settings, by name."""

WORDS: Mapping[str, Values] = {
    # how dense the music is
    "very slow, largo, sparse": {"pace": 0.5},
    "slow, adagio": {"pace": 0.6},
    "andante": {"pace": 0.8},
    "lively, allegro": {"pace": 1.3},
    "fast, quick, vivace, dense": {"pace": 1.5},
    "very fast, presto": {"pace": 1.8},
    # how loud it is
    "very soft, very quiet, pianissimo": {"max_velocity": 48},
    "soft, quiet, delicate, dolce": {"max_velocity": 64},
    "loud, powerful, forte": {"max_velocity": 115},
    "very loud, fortissimo": {"max_velocity": 127},
    # where it lies
    "low, deep": {"pitches": (21, 60)},
    "middle register": {"pitches": (48, 76)},
    "high, bright": {"pitches": (60, 108)},
    # how it is drawn
    "tame, simple": {"temperature": 0.9},
    "adventurous, surprising": {"temperature": 1.1},
    "polished": {"search": 8},
    "playable": {"playable": True},
    "one piece": {"recital": False},
    # moods and kinds of music
    "calm, peaceful, gentle": {"pace": 0.75, "max_velocity": 72},
    "energetic, stormy": {"pace": 1.5, "max_velocity": 115},
    "nocturne": {"pace": 0.75, "max_velocity": 72, "style": "performed_roll"},
    "lullaby": {"pace": 0.6, "max_velocity": 56},
    "etude, étude, toccata": {"pace": 1.5},
    "chorale": {"pace": 0.6, "style": "score"},
    "song, lied": {"style": "lied"},
    "string quartet, quartet": {"style": "quartet"},
    "expressive, performed": {"style": "performed_roll"},
    "mechanical, sequenced": {"style": "sequenced"},
}
"""Settings of each word. Words with the same settings stand together."""

FILLERS = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "for",
        "in",
        "is",
        "it",
        "like",
        "music",
        "of",
        "piano",
        "piece",
        "please",
        "style",
        "tempo",
        "the",
        "with",
    ]
)
"""Words without a meaning of their own."""

_MEANINGS: Mapping[str, Values] = {word: values for words, values in WORDS.items() for word in words.split(", ")}
_LONGEST = max(len(word.split()) for word in _MEANINGS)  # words of a phrase
_ORDERED = {"pace": Settings.pace, "max_velocity": Settings.max_velocity, "temperature": 1.0}
_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_WORD = re.compile(r"[^\s,;.]+")
_KEY = re.compile(r"\b([A-G])(#|b|[ -]?sharp|[ -]?flat)?[ -](major|minor)( scale)?\b", flags=re.IGNORECASE)
_LENGTH = re.compile(r"\b(\d+(?:\.\d+)?|an?|one|half an)[ -](second|minute|hour)s?\b", flags=re.IGNORECASE)


@dataclass(frozen=True)
class Prompt:
    """A prompt that was understood.

    Attributes
    ----------
    settings : dict of str to object
        The settings, as keyword arguments of `Engine.generate`.
    understood : tuple of (str, dict)
        Each phrase with the settings that it asks for, in the order of the prompt.
    """

    settings: dict[str, Any]
    understood: tuple[tuple[str, Values], ...]

    def __str__(self) -> str:
        """Return what was understood, such as ``slow: pace=0.6; D minor: key="D minor"``."""
        return "; ".join(f"{phrase}: {show_values(values)}" for phrase, values in self.understood)


def show_values(values: Values) -> str:
    """Return settings as they are written in a call."""
    return ", ".join(f"{name}={value!r}".replace("'", '"') for name, value in values.items())


def read_prompt(prompt: str) -> Prompt:
    """Read a prompt: words for tempo, loudness, register, mood and style, a key, and a length.

    Of two words for one number, such as "calm" and "slow", the one that is farther from the default counts.

    Parameters
    ----------
    prompt : str
        Such as "calm, slow, D minor, like a nocturne, 3 minutes". `docs/prompts.md` lists all words.

    Returns
    -------
    Prompt

    Raises
    ------
    TypeError
        The prompt is not text.
    ValueError
        A word is unknown, two words contradict each other, or there is no known word. The message names them.

    Examples
    --------
    >>> read_prompt("slow, in D minor").settings
    {'pace': 0.6, 'key': 'D minor'}
    """
    if not isinstance(prompt, str):
        refuse_type("prompt", "text", prompt)
    understood = tuple(_phrases(prompt))
    if not understood:
        raise ValueError(f'prompt must have a word with a meaning, such as "slow" or "D minor", not {show(prompt)}')
    chosen: dict[str, tuple[str, Any]] = {}
    for phrase, values in understood:
        for name, value in values.items():
            chosen[name] = (phrase, value) if name not in chosen else _stronger(name, chosen[name], (phrase, value))
    settings = {name: value for name, (_, value) in chosen.items()}
    Settings(**settings)  # refuses a length that is out of range
    return Prompt(settings, understood)


def _phrases(text: str) -> Iterator[tuple[str, Values]]:
    """Yield the phrases of a prompt with their settings."""
    at = 0
    while match := _WORD.search(text, at):
        begin = match.start()
        if found := _KEY.match(text, begin):
            yield _key(found)
        elif found := _LENGTH.match(text, begin):
            yield found[0].lower(), {"seconds": _amount(found[1].lower()) * _UNITS[found[2].lower()]}
        else:
            found, word = _longest_word(text, begin)
            if word in _MEANINGS:
                yield word, _MEANINGS[word]
            elif word not in FILLERS:
                _refuse(word)
        at = found.end()


def _longest_word(text: str, begin: int) -> tuple[re.Match[str], str]:
    """Return the longest phrase of the table that begins here; the next word alone if there is none."""
    for count in range(_LONGEST, 0, -1):
        match = re.compile(r"[^\s,;.]+" + r"\s+[^\s,;.]+" * (count - 1)).match(text, begin)
        if match and (count == 1 or " ".join(match[0].lower().split()) in _MEANINGS):
            return match, " ".join(match[0].lower().split())
    raise AssertionError("a word begins here")


def _key(found: re.Match[str]) -> tuple[str, Values]:
    letter, sign, mode, scale = ((part or "").lower() for part in found.groups())
    sign = {"s": "#", "f": "b"}.get(sign.strip(" -")[:1], sign)
    name = f"{letter.upper()}{sign} {mode}"
    return name + scale, {"scale" if scale else "key": name}


def _amount(number: str) -> float:
    return {"a": 1.0, "an": 1.0, "one": 1.0, "half an": 0.5}.get(number) or float(number)


def _stronger(name: str, one: tuple[str, Any], other: tuple[str, Any]) -> tuple[str, Any]:
    """Return the stronger of two wishes for a setting; refuse wishes that contradict each other."""
    if one[1] == other[1]:
        return one
    if (default := _ORDERED.get(name)) is not None and (one[1] - default) * (other[1] - default) > 0:
        return max(one, other, key=lambda wish: abs(wish[1] - default))
    raise ValueError(
        f'prompt must not have both "{one[0]}" and "{other[0]}", which set {name} to {one[1]!r} and {other[1]!r}'
    )


def _refuse(word: str) -> None:
    near = difflib.get_close_matches(word, [*_MEANINGS, "major", "minor"], n=3, cutoff=0.6)
    known = f"near known words are {', '.join(near)}" if near else "docs/prompts.md lists all known words"
    raise ValueError(f"prompt has a word without a setting, {show(word)}; {known}")
