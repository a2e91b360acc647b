"""Checks of arguments that several calls of an engine share."""

from longplay._base.require import require_callable, require_instance, require_number
from longplay._making.job import OnSnapshot, Progress
from longplay.originality.index import Index
from longplay.settings import LONGEST_SECONDS


def check_arguments(
    progress: Progress | None,
    avoid: Index | None,
    on_snapshot: OnSnapshot | None = None,
    snapshot_seconds: float = 60.0,
) -> None:
    """Refuse wrong arguments that several calls share."""
    require_callable("progress", progress)
    require_callable("on_snapshot", on_snapshot)
    require_number("snapshot_seconds", snapshot_seconds, 1, LONGEST_SECONDS)
    if avoid is not None:
        require_instance("avoid", avoid, Index)
