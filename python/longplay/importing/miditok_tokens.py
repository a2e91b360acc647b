"""Names of the tokens of a MidiTok tokenizer, by their ids, from its ``tokenizer.json``."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from longplay._core import ModelError
from longplay.importing.miditok_pieces import by_id, pieces_of

TOKENIZATIONS = ("REMI", "TSD", "MIDILike", "Structured")

_WITHOUT_TIME_SIGNATURES = [(4, 4)]
_REFUSED = {
    "use_pitch_intervals": "a pitch must not depend on the pitch before it",
    "use_chords": "a Chord has no notes",
    "use_key_signatures": "a key has no notes",
    "use_sustain_pedals": "the engine has no pedal",
    "use_pitch_bends": "the engine bends no pitch",
    "use_control_changes": "the engine sends no controls",
    "program_changes": "each note must name its program",
}


@dataclass(frozen=True)
class Tokens:
    """The tokens of a tokenizer.

    Attributes
    ----------
    tokenization : str
        One of `TOKENIZATIONS`.
    config : mapping
        The tokenizer's config.
    names : tuple of str
        ``Type_Value``, by id.
    pieces : mapping or None
        The key `pieces` of the vocabulary, for a tokenizer with learned tokens.
    """

    tokenization: str
    config: Mapping[str, Any]
    names: tuple[str, ...]
    pieces: Mapping[str, Any] | None = None

    @property
    def positions_per_beat(self) -> int:
        """The highest resolution of a beat."""
        return int(max(self.config["beat_res"].values()))

    @property
    def meters(self) -> list[tuple[int, int]]:
        """The time signatures."""
        return _meters(self.config)

    @property
    def ticks_per_quarter(self) -> int:
        """The ticks of a quarter note, so that each position in a meter is a whole tick."""
        return self.positions_per_beat * max(unit for _, unit in self.meters) // 4


def read_tokens(path: Path) -> Tokens:
    """Read a ``tokenizer.json`` of MidiTok 3, without MidiTok.

    Raises
    ------
    ModelError
        The file is not one, or its tokenizer cannot be imported; the message says why.
    OSError
        The file cannot be read.
    """
    try:
        whole = json.loads(path.read_bytes())
        tokenization, config = whole["tokenization"], whole["config"]
        if tokenization not in TOKENIZATIONS:
            raise ModelError(f"{path}: the tokenizer must be one of {', '.join(TOKENIZATIONS)}, not {tokenization}")
        _refuse_options(path, config)
        is_trained = "_model" in whole
        names = by_id(whole["_vocab_base"]) if is_trained else _names(tokenization, config)
        tokens = Tokens(tokenization, config, tuple(names), pieces_of(whole) if is_trained else None)
        if tokens.ticks_per_quarter < 1:
            raise ModelError(f"{path}: a time signature must count quarter notes or shorter ones")
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ModelError(
            f"{path} is not a tokenizer that MidiTok 3 saved. Give the tokenizer.json that `tokenizer.save` wrote"
        ) from problem
    return tokens


def _refuse_options(path: Path, config: Mapping[str, Any]) -> None:
    more = config.get("additional_params", {})
    for option, reason in _REFUSED.items():
        if config.get(option):
            raise ModelError(f"{path}: {option} must be false, because {reason}")
    for option in ("max_bar_embedding", "use_bar_end_tokens", "max_duration"):
        if more.get(option):
            raise ModelError(f"{path}: {option} must not be set")
    if config["use_programs"] and not config["one_token_stream_for_programs"]:
        raise ModelError(f"{path}: all programs must be in one stream of tokens")
    programs = set(config["programs"]) if config["use_programs"] else {0}
    if programs & set(config["use_note_duration_programs"]) not in (set(), programs):
        raise ModelError(f"{path}: use_note_duration_programs must hold all programs or none")


def _names(tokenization: str, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names in the order of MidiTok 3, which saves them only for a tokenizer with learned tokens."""
    yield from config["special_tokens"]
    if tokenization == "REMI":
        yield "Bar_None"
    yield from _note_names(tokenization == "MIDILike", config)
    if tokenization == "REMI":
        beats = max(beats for beats, _ in _meters(config))
        yield from (f"Position_{number}" for number in range(max(config["beat_res"].values()) * beats))
    else:
        if tokenization == "Structured":
            yield "TimeShift_0.0.1"
        yield from (f"TimeShift_{length}" for length in _lengths(config["beat_res"]))
    yield from _other_names(tokenization == "MIDILike", config)


def _note_names(on_off: bool, config: Mapping[str, Any]) -> Iterator[str]:
    pitches = range(config["pitch_range"][0], config["pitch_range"][1] + 1)
    has_durations = bool(config["use_note_duration_programs"])
    kinds = ("NoteOn", "NoteOff")[: 1 + has_durations] if on_off else ("Pitch",)
    yield from (f"{kind}_{pitch}" for kind in kinds for pitch in pitches)
    if config["use_velocities"]:
        yield from (f"Velocity_{value}" for value in np.linspace(0, 127, config["num_velocities"] + 1).astype(int)[1:])
    if has_durations and not on_off:
        yield from (f"Duration_{length}" for length in _lengths(config["beat_res"]))


def _other_names(on_off: bool, config: Mapping[str, Any]) -> Iterator[str]:
    if config["use_pitchdrum_tokens"]:
        drums = range(config["drums_pitch_range"][0], config["drums_pitch_range"][1] + 1)
        yield from (
            f"{kind}_{pitch}" for kind in (("DrumOn", "DrumOff") if on_off else ("PitchDrum",)) for pitch in drums
        )
    if config["use_rests"]:
        yield from (f"Rest_{length}" for length in _lengths(config["beat_res_rest"]))
    if config["use_tempos"]:
        space: Any = np.geomspace if config["log_tempos"] else np.linspace
        yield from (f"Tempo_{tempo}" for tempo in space(*config["tempo_range"], config["num_tempos"]).round(2).tolist())
    if config["use_programs"]:
        yield from (f"Program_{program}" for program in config["programs"])
    if config["use_time_signatures"]:
        yield from (f"TimeSig_{beats}/{unit}" for beats, unit in _meters(config))


def _lengths(resolutions: Mapping[str, int]) -> Iterator[str]:
    """Yield lengths as beat.position.resolution, without the length of 0."""
    last = 0
    for span, resolution in resolutions.items():
        first, last = map(int, span.split("_"))
        for beat in range(first, last):
            yield from (f"{beat}.{part}.{resolution}" for part in range(resolution) if beat + part > 0)
    yield f"{last}.0.{resolution}"


def _meters(config: Mapping[str, Any]) -> list[tuple[int, int]]:
    if not config["use_time_signatures"]:
        return _WITHOUT_TIME_SIGNATURES
    return [(beats, int(unit)) for unit, all_beats in config["time_signature_range"].items() for beats in all_beats]
