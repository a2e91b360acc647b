"""A submission to the challenge out of a folder of candidates: the best one, and all that proves it."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from longplay._core import Error
from longplay.challenge.candidates import Candidate, candidates
from longplay.challenge.check import check
from longplay.engine import Engine
from longplay.originality import Index, Originality, compare
from longplay.originality.plot import plot
from longplay.pictures import plots

MOST = 2  # submissions in
DAY = timedelta(hours=24)
RECORD = "submission.json"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Submission:
    """What was chosen, and where it lies.

    Attributes
    ----------
    folder : Path
        Holds ``hour.mid``, ``seed.mid`` if there is a seed, ``submission.json``, ``originality.json`` and two pictures.
    chosen : Candidate
    originality : Originality
    passed_over : tuple of str
        Why those that stand above it were not chosen, a sentence each.
    """

    folder: Path
    chosen: Candidate
    originality: Originality
    passed_over: tuple[str, ...]


def submit(
    folder: str | Path,
    out: str | Path,
    index: Index,
    *,
    seeds: Iterable[str | Path] = (),
    engine: Engine | None = None,
    now: datetime,
    tell: Tell | None = None,
) -> Submission:
    """Choose a candidate of a folder and write all that a submission needs.

    Candidates are tried by arena score (mu - 3 sigma, by the votes in ``arena.sqlite3``), among equals by the share of
    their clips' features within the bands of real music. The first one is taken that

    - has its provenance in a JSON file of the folder (see `candidates`),
    - the grader takes and `check` calls safe,
    - comes out the same, byte for byte, when it is made again,
    - and quotes nothing of the training set.

    Parameters
    ----------
    folder : path
        Of candidates.
    out : path
        Of submissions, each a folder named after its time; made if need be.
    index : Index
        Of the training set.
    seeds : iterable of path
        The MIDI files that candidates answer.
    engine : Engine, optional
        Makes candidates again; by default one with the built-in model.
    now : datetime
        The time, with its zone.
    tell : callable, optional
        Told what is being done, a line each.

    Raises
    ------
    Error
        Two submissions of `out` are less than 24 hours old, or no candidate can be submitted; the message says when the
        next one may be, or why each was passed over.
    OSError
        A file cannot be read or written.
    ValueError
        `now` has no zone, or what the folder says of its candidates makes no sense.
    """
    if now.tzinfo is None:
        raise ValueError(f"now must have a time zone; it is {now}")
    out, tell = Path(out), tell or (lambda line: None)
    refuse_a_third(out, now)
    known = {hashlib.sha256(data).hexdigest(): data for data in (Path(seed).read_bytes() for seed in seeds)}
    found, passed_over = candidates(Path(folder))
    engine = engine or Engine()
    for one in found:
        tell(f"{one.path.name}: arena score {one.rating.score:.2f}, {one.in_bands:.1%} within the bands")
        reason = _reason_against(one, known, engine, index)
        if reason is None:
            tell(f"{one.path.name}: safe, and the same when it is made again; now its originality")
            report = compare(one.data, index, name=one.path.name)
            if not report.quotes:
                written = _write(out, one, report, known, index, now)
                return Submission(written, one, report, tuple(passed_over))
            reason = report.verdict
        passed_over.append(f"{one.path.name}: {reason}")
    raise Error("no candidate can be submitted. " + " ".join(passed_over or [f"{folder} holds no MIDI files."]))


def refuse_a_third(out: Path, now: datetime) -> None:
    """Raise Error if `MOST` submissions of a folder are less than a day old."""
    times = []
    for path in out.glob(f"*/{RECORD}"):
        try:
            times.append(datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["submitted"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Error(f"{path} does not say when it was submitted: {error!r}") from error
    recent = sorted(time for time in times if now - time < DAY)
    if len(recent) >= MOST:
        after = recent[-MOST] + DAY
        raise Error(
            f"{MOST} submissions in 24 hours are allowed and made; the next one is possible at "
            f"{after.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S %Z}, in {_span(after - now)}"
        )


def _reason_against(one: Candidate, seeds: Mapping[str, bytes], engine: Engine, index: Index) -> str | None:
    if one.made.seed_hash is not None and one.made.seed_hash not in seeds:
        return f"its seed, of SHA-256 {one.made.seed_hash}, is not given."
    report = check(one.data)
    if not report.safe:
        return " ".join(f"{finding.problem}." for finding in report.findings if finding.severity != "remark")
    seed = None if one.made.seed_hash is None else seeds[one.made.seed_hash]
    try:
        again = engine.regenerate(one.made, seed, avoid=None if one.made.index_hash is None else index)
    except ValueError as error:
        return f"it cannot be made again: {error}."
    return None if again.to_bytes() == one.data else "it comes out otherwise when it is made again."


def _write(
    out: Path, one: Candidate, report: Originality, seeds: Mapping[str, bytes], index: Index, now: datetime
) -> Path:
    """All files in a folder that is there whole or not at all."""
    record = {
        "submitted": now.isoformat(),
        "file": "hour.mid",
        "sha256": hashlib.sha256(one.data).hexdigest(),
        "candidate": one.path.name,
        "chosen_by": one.standing(),
        "index_hash": index.hash,
        "provenance": one.made.as_dict(),
    }
    seconds = one.made.settings_now.seconds
    out.mkdir(parents=True, exist_ok=True)
    written = Path(tempfile.mkdtemp(prefix=".", dir=out))
    try:
        (written / "hour.mid").write_bytes(one.data)
        if one.made.seed_hash is not None:
            (written / "seed.mid").write_bytes(seeds[one.made.seed_hash])
        (written / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
        (written / "originality.json").write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")
        plot(report, one.data, index, written / "originality.png")
        plots.save(plots.page(one.notes, seconds, one.path.name), written / "hour.png")
        written.chmod(0o755)
        return written.rename(out / f"{now:%Y-%m-%dT%H%M%S}")
    except BaseException:
        shutil.rmtree(written)
        raise


def _span(time: timedelta) -> str:
    minutes = -(-int(time.total_seconds()) // 60)
    return f"{minutes // 60} h {minutes % 60} min"
