"""A submission to the challenge: the best candidate of a folder, and the evidence for it."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from longplay._base.cancel import Cancel, require_cancel
from longplay._base.require import require_callable, require_instance, require_list, require_path
from longplay._base.text import reason
from longplay._core import Error
from longplay.challenge.candidates import SubmissionCandidate, rank_candidates
from longplay.challenge.check import check
from longplay.engine import Engine, planner_of
from longplay.midi import midi_bytes
from longplay.originality import Index, Originality, compare
from longplay.originality.plot import plot
from longplay.pictures import plots
from longplay.settings import DECLARATIONS, RULES, Settings

MAX_SUBMISSIONS = 2  # in a day
DAY = timedelta(hours=24)
RECORD = "submission.json"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Submission:
    """A submission that was written.

    Attributes
    ----------
    folder : Path
        Folder of ``hour.mid``, ``seed.mid`` if there is a seed, ``submission.json``, ``originality.json`` and two
        pictures.
    chosen : SubmissionCandidate
    originality : Originality
    skipped : tuple of str
        One reason for each candidate that ranks higher and was skipped.
    """

    folder: Path
    chosen: SubmissionCandidate
    originality: Originality
    skipped: tuple[str, ...]


def submit(
    folder: str | Path,
    out: str | Path,
    index: Index,
    *,
    seeds: Iterable[str | Path] = (),
    engine: Engine | None = None,
    now: datetime,
    report: Report | None = None,
    cancel: Cancel | None = None,
) -> Submission:
    """Choose a candidate of a folder and write the files of a submission.

    `submit` tries the candidates in the order of their arena score, mu - 3 sigma, by the votes in ``arena.sqlite3``. If
    scores are equal, the share of clip features within the bands of real music decides. It takes the first candidate
    that `check` calls safe and that quotes nothing of the training set. A JSON file of the folder must hold its
    provenance, which must regenerate the same bytes.

    Parameters
    ----------
    folder : path
        Folder of the candidates.
    out : path
        Folder of all submissions; each is a folder named after its time. It is created if it does not exist.
    index : Index
        Index of the training set.
    seeds : iterable of path
        MIDI files that the candidates continue.
    engine : Engine, optional
        Engine that regenerates candidates; by default one with the built-in model.
    now : datetime
        Current time, with its time zone.
    report : callable, optional
        Receives one line for each step.
    cancel : threading.Event, optional
        As for `Engine.generate`.

    Returns
    -------
    Submission

    Raises
    ------
    Error
        Two submissions of `out` are less than 24 hours old, or no candidate can be submitted. The message says why.
    Cancelled
        `cancel` is set. No submission is written.
    ValueError
        `now` has no time zone, or a provenance or the votes of the folder are not valid.
    """
    require_cancel(cancel)
    _check_arguments(index, engine, now, report)
    folder, out, report = require_path("folder", folder), require_path("out", out), report or (lambda line: None)
    refuse_a_third(out, now)
    known = {hashlib.sha256(data).hexdigest(): data for data in map(midi_bytes, require_list("seeds", seeds))}
    candidates, skipped = rank_candidates(folder, cancel)
    if chosen := _first_good(candidates, skipped, known, engine := engine or Engine(), index, report, cancel):
        return Submission(_write(out, *chosen, engine, known, index, now, cancel), *chosen, tuple(skipped))
    raise Error("No candidate can be submitted. " + " ".join(skipped or [f"{folder} has no MIDI files."]))


def _check_arguments(index: Index, engine: Engine | None, now: datetime, report: Report | None) -> None:
    require_instance("index", index, Index)
    if engine is not None:
        require_instance("engine", engine, Engine)
    if require_instance("now", now, datetime).tzinfo is None:
        raise ValueError(f"now must have a time zone, not {now}")
    require_callable("report", report)


def _first_good(
    candidates: Iterable[SubmissionCandidate],
    skipped: list[str],
    seeds: Mapping[str, bytes],
    engine: Engine,
    index: Index,
    report: Report,
    cancel: Cancel | None,
) -> tuple[SubmissionCandidate, Originality] | None:
    """Return the first candidate that may be submitted; append a reason to `skipped` for each one before it."""
    for one in candidates:
        name = one.path.name
        report(f"{name}: arena score {one.rating.score:.2f}, {one.in_bands:.1%} of the features within the bands")
        reason = _reason_against(one, seeds, engine, index, cancel)
        if reason is None:
            report(f"{name}: safe, and regenerating it gives the same bytes; checking its originality")
            originality = compare(one.data, index, name=name, cancel=cancel)
            if not originality.quotes:
                return one, originality
            reason = originality.verdict
        skipped.append(f"{name}: {reason}")
    return None


def refuse_a_third(out: Path, now: datetime) -> None:
    """Raise an Error if `MAX_SUBMISSIONS` submissions of a folder are less than a day old.

    Hidden folders do not count: a `submit` that was killed left them.
    """
    times = []
    for path in (path for path in out.glob(f"*/{RECORD}") if not path.parent.name.startswith(".")):
        try:
            time = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["submitted"])
            if time.tzinfo is None:
                raise ValueError(f"{time} has no time zone")
            times.append(time)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise Error(f"{path} does not have the time of its submission: {reason(error)}") from error
    recent = sorted(time for time in times if now - time < DAY)
    if len(recent) >= MAX_SUBMISSIONS:
        after = recent[-MAX_SUBMISSIONS] + DAY
        raise Error(
            f"{MAX_SUBMISSIONS} submissions were made in the last 24 hours, and no more are allowed. "
            "The next one is possible at "
            f"{after.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S %Z}, in {_span(after - now)}"
        )


def _reason_against(
    one: SubmissionCandidate, seeds: Mapping[str, bytes], engine: Engine, index: Index, cancel: Cancel | None
) -> str | None:
    if (sketch := one.provenance.sketch) is not None:
        made = "completes a sketch" if sketch.form is None else f"has the form {sketch.form}"
        return f"it {made}, but the challenge takes music that the model made alone."
    for name in RULES:
        if getattr(one.provenance.settings, name) != getattr(Settings, name):
            return f"it was made with the setting {name}, but the challenge takes music that the model made alone."
    if one.provenance.seed_hash is not None and one.provenance.seed_hash not in seeds:
        return f"its seed, with SHA-256 {one.provenance.seed_hash}, is not among the given seeds."
    report = check(one.data, cancel=cancel)
    if not report.safe:
        return " ".join(f"{finding.problem}." for finding in report.findings if finding.severity != "warning")
    seed = None if one.provenance.seed_hash is None else seeds[one.provenance.seed_hash]
    try:
        avoid = None if one.provenance.index_hash is None else index
        again = engine.regenerate(one.provenance, seed, avoid=avoid, cancel=cancel)
    except ValueError as error:
        return f"it cannot be regenerated: {error}."
    return None if again.to_bytes() == one.data else "regenerating it gives other bytes."


def _write(
    out: Path,
    one: SubmissionCandidate,
    report: Originality,
    engine: Engine,
    seeds: Mapping[str, bytes],
    index: Index,
    now: datetime,
    cancel: Cancel | None,
) -> Path:
    """Write all files to a folder, which exists complete or not at all."""
    record = {
        "submitted": now.isoformat(),
        "file": "hour.mid",
        "sha256": hashlib.sha256(one.data).hexdigest(),
        "candidate": one.path.name,
        "chosen_by": one.scores(),
        "index_hash": index.hash,
        "provenance": one.provenance.as_dict(),
        "shaped_by": shaping(engine, one.provenance.settings_now),
    }
    seconds = one.provenance.settings_now.seconds
    out.mkdir(parents=True, exist_ok=True)
    written = Path(tempfile.mkdtemp(prefix=".", dir=out))
    try:
        (written / "hour.mid").write_bytes(one.data)
        if one.provenance.seed_hash is not None:
            (written / "seed.mid").write_bytes(seeds[one.provenance.seed_hash])
        (written / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
        (written / "originality.json").write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")
        plot(report, one.data, index, written / "originality.png", cancel=cancel)
        page = plots.page(one.notes, seconds, one.path.name, cancel=cancel)
        plots.save(page, written / "hour.png", cancel=cancel)
        written.chmod(0o755)
        return written.rename(out / f"{now:%Y-%m-%dT%H%M%S}")
    except BaseException:
        shutil.rmtree(written)
        raise


def shaping(engine: Engine, settings: Settings) -> dict[str, Any]:
    """Return what changed the draws of the trained model: sampling filters by field, and settings by their group."""
    found: dict[str, Any] = {}
    for name, declared in DECLARATIONS.items():
        if declared.shapes and declared.shapes != "sampling":
            found.setdefault(declared.shapes, {})[name] = getattr(settings, name)
    return {"sampling": planner_of(engine).sampling(settings), **found}


def _span(time: timedelta) -> str:
    minutes = -(-int(time.total_seconds()) // 60)
    return f"{minutes // 60} h {minutes % 60} min"
