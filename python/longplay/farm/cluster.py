"""A worker on a Ray cluster: each actor has an engine, and other actors take over the candidates of a dead one."""

import socket
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from longplay._base.extras import missing_extra
from longplay._core import Error
from longplay.engine import Engine
from longplay.farm.worker import Finished, Update, WorkItem, work
from longplay.originality.index import Index
from longplay.provenance import Provenance

try:
    import ray
    from ray.exceptions import RayActorError, RayTaskError
except ImportError:
    raise missing_extra("ray", "cluster") from None

_ROWS = 64  # candidates that a thread of an engine makes side by side
_MOST_DEATHS = 5  # deaths of actors without an update between them
_WAIT_SECONDS = 0.05  # between two waits, Python handles Ctrl-C and the farm looks at `cancel`


class Actor:
    """Open the model and make candidates, in a process of Ray."""

    def __init__(self, model: str | Path | None, num_threads: int, avoid: Path | None) -> None:
        self._model, self._num_threads, self._avoid = model, num_threads, avoid

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self._model, "cpu", self._num_threads)

    @cached_property
    def _index(self) -> Index | None:
        return None if self._avoid is None else Index.open(self._avoid)

    def work(self, provenance: Provenance, items: Sequence[WorkItem]) -> Iterator[Update]:
        """Make candidates; Ray passes on each update that is not empty."""
        if self._engine.model_hash != provenance.model_hash:
            raise Error(f"the model {self._model} on {socket.gethostname()} is not the farm's model")
        if self._index is not None and self._index.hash != provenance.index_hash:
            raise Error(f"the index {self._avoid} on {socket.gethostname()} is not the farm's index")
        for update in work(self._engine, provenance.settings, items, self._index):
            if update:
                yield update


class Cluster:
    """A worker for `Farm.run` that makes candidates on a Ray cluster.

    Parameters
    ----------
    address : str
        Address of the cluster: ``host:port``; ``auto`` for the cluster that this machine belongs to; ``local`` for a
        cluster of this machine alone, which ends with the block.
    model : path, str or None
        As for `Engine`. A folder must exist on every machine.
    num_threads : int
        Threads of each actor's engine. There are as many actors as the cluster's CPUs allow.
    avoid : path or str, optional
        File of the index that the farm avoids, if it avoids one. The file must exist on every machine.

    Raises
    ------
    Error
        Ray is not installed, or there is no cluster at the address.
    """

    def __init__(
        self, address: str, model: str | Path | None, num_threads: int = 1, avoid: str | Path | None = None
    ) -> None:
        self._model = Path(model).resolve() if model is not None and Path(model).is_dir() else model
        self._num_threads = num_threads
        self._avoid = None if avoid is None else Path(avoid).resolve()
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError) as error:
            raise Error(f"no Ray cluster at {address}: {error}") from error

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        ray.shutdown()

    def __call__(
        self, provenance: Provenance, numbers: Sequence[int], item_of: Callable[[int], WorkItem]
    ) -> Generator[Update, None, None]:
        """Make the candidates of these numbers; `Farm.run` calls this method."""
        if (self._avoid is None) != (provenance.index_hash is None):
            wanted = "None" if provenance.index_hash is None else "the file of the farm's index"
            raise ValueError(f"avoid must be {wanted}, not {self._avoid}")
        count = max(1, int(ray.cluster_resources().get("CPU", 1)) // self._num_threads)
        share = min(_ROWS * self._num_threads, -(-len(numbers) // count))
        shares = deque(set(numbers[start : start + share]) for start in range(0, len(numbers), share))
        actor_class: Any = ray.remote(num_cpus=self._num_threads)(Actor)
        arguments = (self._model, self._num_threads, self._avoid)
        idle = [actor_class.remote(*arguments) for _ in range(min(count, len(shares)))]
        busy: dict[Any, tuple[Any, set[int]]] = {}  # by stream of updates: the actor, and its unfinished candidates
        deaths = 0
        try:
            while shares or busy:
                while shares and idle:
                    actor, unfinished = idle.pop(), shares.popleft()
                    items = [item_of(number) for number in sorted(unfinished)]
                    busy[actor.work.remote(provenance, items)] = (actor, unfinished)
                ready, _ = ray.wait(list(busy), timeout=_WAIT_SECONDS)
                yield []
                for stream in ready:
                    actor, unfinished = busy[stream]
                    try:
                        update: Update = ray.get(next(stream))
                    except StopIteration:
                        del busy[stream]
                        idle.append(actor)
                    except RayTaskError as error:
                        raise Error(f"a worker failed: {error.cause}") from error
                    except RayActorError as error:
                        del busy[stream]
                        if unfinished:
                            shares.appendleft(unfinished)
                        idle.append(actor_class.remote(*arguments))
                        deaths += 1
                        if deaths == _MOST_DEATHS:
                            raise Error(f"{deaths} workers died without an update, the last one: {error}") from error
                    else:
                        deaths = 0 if update else deaths
                        unfinished -= {item.number for item in update if isinstance(item, Finished)}
                        yield update
        finally:
            for actor in [*idle, *(actor for actor, _ in busy.values())]:
                ray.kill(actor)
