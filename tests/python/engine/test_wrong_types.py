"""Every public call refuses an argument of a wrong type, by name and in a short line."""

import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.farm import Farm
from longplay.midi import NOTE
from longplay.originality import Index, IndexSettings, Line, TrainingFile, compare, melody
from longplay.settings import NO_SKETCH_SETTINGS

NOTES = np.array([(0, 100, 60, 64)], NOTE)
MIDI = longplay.write_midi(NOTES, 1)
HOUR = longplay.write_midi(np.array([(2000 * i, 100, 60, 64) for i in range(1800)], NOTE), 3600)


class Foreign:
    """An array of another library, which NumPy takes, with a long repr."""

    def __init__(self, values, shape):
        self.values, self.shape = values, shape

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, at):
        return self.values[at]

    def __repr__(self):
        return "tensor(\n" + "    [0.5, 0.5],\n" * 500 + ")"


class Broken:
    """A value that cannot even be shown."""

    shape = property(lambda self: 1 / 0)

    def __repr__(self):
        return 1 / 0


WRONG = {
    "object": object(),
    "text": "text",
    "nan": float("nan"),
    "a number of too many digits": 10**5000,
    "less than all": -(10**400),
    "megabytes": b"\xff" * 3_000_000,
    "an array": np.full((40, 7), 0.5),
    "an array of objects": np.array([object(), None] * 300),
    "an array of records": np.zeros((2, 3), [("pitch", "u1")]),
    "a tensor": Foreign([[0.5, 0.5]] * 500, (500, 2)),
    "rows that differ": [[1, 2], [3], *([[4, 5]] * 500)],
    "a class": threading.Event,
    "no repr": Broken(),
}
TEXT_IS_FINE = {"model", "device", "source", "seed", "midi", "style", "path", "name", "group", "out", "folder"}
TEXT_IS_FINE |= {"melody", "piece", "score"}
FINE = {
    "text": TEXT_IS_FINE,
    "megabytes": {"source", "seed", "midi", "melody", "piece", "score"},
    "a class": {"progress", "on_snapshot", "report", "worker"},  # as it may be called
    "a number of too many digits": {"calibration", "top", "keep", "count", "position"},
}
"""Arguments that may be of a type; what its values mean there is tested elsewhere."""

ENTRY = {"snapshots": "snapshot", "branches": "branch"}
"""What a refusal calls one entry of an argument."""


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
            "Piece.save": (piece.save, {"path": folder / "piece.mid", "target": "daw", "overwrite": True}),
            "Piece.to_bytes": (piece.to_bytes, {"target": "challenge"}),
            "read_prompt": (longplay.read_prompt, {"prompt": "slow"}),
        }
        self.of |= (
            self.of_sketches(engine)
            | self.of_modules(model, engine, piece)
            | self.of_a_training_set(folder, engine, piece)
        )
        for function, arguments in self.of.values():
            if "cancel" in inspect.signature(function).parameters:
                arguments["cancel"] = None

    def of_sketches(self, engine):
        sketch = longplay.Sketch(NOTES, 2, [(0, 1)])
        settings = {name: value for name, value in self.settings().items() if name not in NO_SKETCH_SETTINGS}
        common = {"particles": 2, "progress": None, "avoid": None} | settings
        return {
            "Sketch": (
                longplay.Sketch,
                {"notes": NOTES, "seconds": 2, "open": [(0, 1)], "free_fields": {}, "slack": 0, "added_per_second": 0},
            ),
            "Engine.complete": (engine.complete, {"sketch": sketch} | common),
            "Engine.complete_batch": (
                lambda **given: list(engine.complete_batch(**given)),
                {"sketches": [sketch]} | common,
            ),
            "Engine.accompany": (engine.accompany, {"melody": MIDI, "density": 1} | common),
            "Engine.compose": (engine.compose, {"form": "A4s", "seed": None, "recall": 0.5} | common),
            "Engine.infill": (engine.infill, {"piece": MIDI, "start": 0, "end": 0.5} | common),
            "Engine.perform": (engine.perform, {"score": MIDI, "slack": 0} | common),
            "Engine.vary": (engine.vary, {"piece": MIDI, "start": 0, "end": None, "keep": 0.5} | common),
        }

    @staticmethod
    def of_modules(model, engine, piece):
        tokenizer, raw = engine.tokenizer, longplay.Model(model)
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
            "Model.generate_events": (
                raw.generate_events,
                {"count": 1, "prompt": piece.events[:3], "random_seed": 0, "controls": None, "temperature": 1}
                | {"top_k": 0, "top_p": 1, "min_p": 0},
            ),
            "read_midi": (
                longplay.read_midi,
                {"source": MIDI, "sustain": True, "keep_drums": False, "piano_only": False},
            ),
            "write_midi": (longplay.write_midi, {"notes": NOTES, "seconds": 1, "running_status": True}),
            "resolve_overlaps": (longplay.resolve_overlaps, {"notes": NOTES}),
            "check": (longplay.check, {"source": MIDI}),
            "clips": (longplay.clips, {"source": HOUR}),
            "pack": (longplay.pack, {"source": HOUR, "engine": engine, "random_seed": 0, "progress": None}),
        }

    @staticmethod
    def of_a_training_set(folder, engine, piece):
        index = Index.build([TrainingFile("a.mid", "a", piece.to_bytes())], calibration=1, num_threads=1)
        index.save(folder / "a.index", overwrite=True)
        piece.save(folder / "a.mid")
        return {
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
            "IndexSettings.windows": (index.settings.windows, {"series": index.series}),
            "Index.nearest": (
                index.nearest,
                {"queries": np.zeros((1, 40), np.uint8), "excluded": [[0, 1]], "num_threads": 1, "progress": None},
            ),
            "Index.work_at": (index.work_at, {"boundaries": index.first_notes, "position": 0}),
            "Index.group_of": (index.group_of, {"work": 0}),
            "Line.of_notes": (Line.of_notes, {"index": index, "notes": NOTES}),
            "Line.of_melody": (Line.of_melody, {"index": index, "notes": NOTES}),
            "Farm": (
                lambda **given: Farm(**given).close(),
                {"engine": engine, "folder": folder / "farm", "seeds": [folder / "a.mid"], "count": 1, "seconds": 5}
                | {"keep": None, "avoid": None},
            ),
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
                    if argument not in FINE.get(kind, ()):
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
    named = ENTRY.get(argument, argument) in message
    if not named or any(part in message for part in ("\n", "incompatible", "_core")):
        return message.replace("\n", " / ")[:200]
    if len(message) > 240:
        return f"{len(message)} characters: {message[:60]}..."
    return None


def test_every_public_call_refuses_a_wrong_type_by_name(calls):
    for function, arguments in calls.of.values():
        function(**arguments)  # or the cases below prove nothing
    faults = {case: why for case in calls.cases() if (why := message(calls, *case[:2], WRONG[case[2]]))}
    assert not faults, "\n".join(f"{' '.join(case)}: {why}" for case, why in faults.items())
