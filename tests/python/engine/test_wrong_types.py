"""Every public call refuses an argument of a wrong type, by name."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.midi import NOTE
from longplay.originality import Index, IndexSettings, Line, TrainingFile, compare, melody

NOTES = np.array([(0, 100, 60, 64)], NOTE)
MIDI = longplay.write_midi(NOTES, 1)
HOUR = longplay.write_midi(np.array([(2000 * i, 100, 60, 64) for i in range(1800)], NOTE), 3600)
WRONG = {"object": object(), "text": "text", "nan": float("nan")}
TEXT_IS_FINE = {"model", "device", "source", "seed", "midi", "style", "path", "name", "group", "out", "version"}
"""Arguments that may be text; what text means there is tested elsewhere."""


class Calls:
    """The public calls, by name, each with arguments that it takes."""

    def __init__(self, folder: Any) -> None:
        model = tiny_model.build(folder / "model", soft=True)
        self.engine = engine = longplay.Engine(model, "cpu", 1)
        piece = engine.generate(None, 5, extendable=True)
        stream, session = engine.stream(), engine.session()
        self.of: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
            "Engine": (longplay.Engine, {"model": model, "device": "cpu", "num_threads": 1, "cuda_graph": False}),
            "Engine.generate": (engine.generate, self.making({"seed": None, "progress": None})),
            "Engine.generate_batch": (
                lambda **given: list(engine.generate_batch(**given)),
                self.making({"seeds": [None], "each": None, "on_snapshot": None, "snapshot_seconds": 60}),
            ),
            "Engine.regenerate": (
                engine.regenerate,
                {"provenance": piece.provenance, "seed": None, "avoid": None, "progress": None, "extendable": False},
            ),
            "Engine.extend": (
                engine.extend,
                {"snapshot": piece.snapshot(), "seconds": 6, "branch": 0, "progress": None, "avoid": None},
            ),
            "Engine.extend_batch": (
                lambda **given: list(engine.extend_batch(**given)),
                {"snapshots": [piece.snapshot()], "seconds": 6, "branches": [0], "progress": None, "avoid": None}
                | {"on_snapshot": None, "snapshot_seconds": 60},
            ),
            "Engine.stream": (engine.stream, {"seed": None} | self.settings()),
            "Engine.session": (engine.session, {"seed": None} | self.settings()),
            "Engine.resume": (engine.resume, {"snapshot": stream.snapshot(), "branch": 0}),
            "Engine.resume_session": (engine.resume_session, {"snapshot": session.snapshot(), "branch": 0}),
            "Engine.score": (engine.score, {"midi": MIDI}),
            "Session.feed": (session.feed, {"notes": NOTES}),
            "Session.next": (session.next, dict.fromkeys(["onset_ms", "duration_ms", "pitch", "velocity"])),
            "Settings": (longplay.Settings, {"seconds": 5} | self.settings()),
            "Piece.save": (piece.save, {"path": folder / "piece.mid", "overwrite": True}),
        }
        self.of |= self.others(folder, model, engine, piece)

    @staticmethod
    def others(folder, model, engine, piece):
        tokenizer, raw = engine.tokenizer, longplay.Model(model)
        index = Index.build([TrainingFile("a.mid", "a", piece.to_bytes())], calibration=1, num_threads=1)
        index.save(folder / "a.index", overwrite=True)
        return {
            "Tokenizer": (longplay.Tokenizer, {"config": tiny_model.note_config(in_place=True)}),
            "Tokenizer.encode": (tokenizer.encode, {"notes": NOTES}),
            "Tokenizer.decode": (tokenizer.decode, {"events": piece.events}),
            "Model": (longplay.Model, {"model": model, "max_batch": 1, "device": "cpu"}),
            "Model.step": (
                raw.step,
                {"events": np.array([raw.start_event]), "controls": np.array([raw.unknown_controls])},
            ),
            "Model.head": (raw.head, {"field": 1, "drawn": np.array([[0]])}),
            "Model.reset": (raw.reset, {"row": 0}),
            "Model.save": (raw.save, {"row": 0}),
            "Model.load": (raw.load, {"row": 0, "state": raw.save(0)}),
            "Model.sampling": (raw.sampling, {"settings": None}),
            "Model.score_events": (raw.score_events, {"events": piece.events[:3], "controls": None}),
            "read_midi": (
                longplay.read_midi,
                {"source": MIDI, "sustain": True, "keep_drums": False, "piano_only": False},
            ),
            "write_midi": (longplay.write_midi, {"notes": NOTES, "seconds": 1, "running_status": True}),
            "resolve_overlaps": (longplay.resolve_overlaps, {"notes": NOTES}),
            "check": (longplay.check, {"source": MIDI}),
            "clips": (longplay.clips, {"source": HOUR}),
            "pack": (longplay.pack, {"source": HOUR, "engine": engine, "random_seed": 0, "progress": None}),
            "Provenance.from_dict": (longplay.Provenance.from_dict, {"values": piece.provenance.as_dict()}),
            "Step": (longplay.Step, {"events": 0, "branch": 0, "seconds": 5}),
            "IndexSettings": (
                IndexSettings,
                {"series": "struck", "step_ms": 125, "steps": 40, "stride": 8, "band": 0, "min_changes": 8},
            ),
            "Index.build": (
                Index.build,
                {"files": [TrainingFile("a.mid", "a", piece.to_bytes())], "settings": None, "calibration": 1}
                | {"num_threads": 1, "progress": None},
            ),
            "Index.open": (Index.open, {"path": folder / "a.index"}),
            "Index.save": (index.save, {"path": folder / "a.index", "overwrite": True}),
            "Line.of_notes": (Line.of_notes, {"index": index, "notes": NOTES}),
            "melody": (melody, {"notes": NOTES}),
            "compare": (compare, {"midi": piece.to_bytes(), "index": index, "top": 1, "num_threads": 1}),
        }

    @staticmethod
    def settings() -> dict[str, Any]:
        names = [name for name in inspect.signature(longplay.Settings).parameters if name not in ("seconds", "style")]
        return {name: getattr(longplay.Settings(), name) for name in names}

    def making(self, own: dict[str, Any]) -> dict[str, Any]:
        return own | {"seconds": 5, "extendable": False, "avoid": None} | self.settings()

    def cases(self) -> Iterator[tuple[str, str, str]]:
        for call, (_, arguments) in self.of.items():
            for argument in arguments:
                for kind in WRONG:
                    if kind == "text" and argument in TEXT_IS_FINE:
                        continue
                    yield call, argument, kind


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    return Calls(tmp_path_factory.mktemp("calls"))


def message(calls, call, argument, value):
    """Return why a refusal is not good; None if it is."""
    function, arguments = calls.of[call]
    try:
        function(**arguments | {argument: value})
    except (TypeError, ValueError, longplay.Error) as refusal:
        message = str(refusal)
    except Exception as other:  # a table of all faults is wanted
        return f"{type(other).__name__}: {other}"
    else:
        return "taken"
    if argument not in message or "\n" in message or "incompatible" in message or "_core" in message:
        return message.replace("\n", " / ")[:200]
    return None


def test_every_public_call_refuses_a_wrong_type_by_name(calls):
    for function, arguments in calls.of.values():
        function(**arguments)  # or the cases below prove nothing
    faults = {case: why for case in calls.cases() if (why := message(calls, *case[:2], WRONG[case[2]]))}
    assert not faults, "\n".join(f"{' '.join(case)}: {why}" for case, why in faults.items())
