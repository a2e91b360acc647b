"""A farm's work on a Ray cluster: one engine in each actor, candidates of dead ones given to others."""

import socket
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from longplay._core import Error
from longplay.engine import Engine
from longplay.farm.making import Made, News, Order, work
from longplay.originality.index import Index
from longplay.provenance import Provenance

try:
    import ray
    from ray.exceptions import RayActorError, RayTaskError
except ImportError:
    raise Error("a cluster needs Ray: pip install 'longplay[cluster]'") from None

_ROWS = 64  # that a thread of an engine works on side by side
_MOST_DEATHS = 5  # of actors, with no news between them
_WAIT_SECONDS = 0.5  # between two of which Ctrl-C is heard


class Worker:
    """What an actor does: it opens the model and makes candidates."""

    def __init__(self, model: str | Path | None, num_threads: int, avoid: Path | None) -> None:
        self._model, self._num_threads, self._avoid = model, num_threads, avoid

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self._model, "cpu", self._num_threads)

    @cached_property
    def _index(self) -> Index | None:
        return None if self._avoid is None else Index.open(self._avoid)

    def work(self, made: Provenance, orders: Sequence[Order]) -> Iterator[News]:
        """Make candidates; Ray hands the news over as it comes."""
        if self._engine.model_hash != made.model_hash:
            raise Error(f"the model {self._model} of {socket.gethostname()} is another one than the farm's")
        if self._index is not None and self._index.hash != made.index_hash:
            raise Error(f"the index {self._avoid} of {socket.gethostname()} is another one than the farm's")
        yield from work(self._engine, made.settings, orders, self._index)


class Cluster:
    """Work for `Farm.run`, done by a Ray cluster.

    Parameters
    ----------
    address : str
        Of the cluster: ``host:port``, ``auto`` for the one this machine belongs to, ``local`` for one of this machine
        alone, which ends with the block.
    model : path, str or None
        As for `Engine`; a folder has to be there on every machine.
    num_threads : int
        Of each worker's engine; there are as many workers as the cluster's CPUs allow.
    avoid : path or str, optional
        File of the index that the farm avoids, if it does; it has to be there on every machine.

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
        self, made: Provenance, numbers: Sequence[int], order_of: Callable[[int], Order]
    ) -> Generator[News, None, None]:
        """Make the candidates of these numbers; `Farm.run` calls it."""
        if (self._avoid is None) != (made.index_hash is None):
            raise ValueError(f"avoid must be the file of the farm's index, None if it has none, not {self._avoid}")
        count = max(1, int(ray.cluster_resources().get("CPU", 1)) // self._num_threads)
        share = min(_ROWS * self._num_threads, -(-len(numbers) // count))
        shares = deque(set(numbers[start : start + share]) for start in range(0, len(numbers), share))
        actor_class: Any = ray.remote(num_cpus=self._num_threads)(Worker)
        worker = (self._model, self._num_threads, self._avoid)
        idle = [actor_class.remote(*worker) for _ in range(min(count, len(shares)))]
        busy: dict[Any, tuple[Any, set[int]]] = {}  # streams of news: who tells them, and of whom
        deaths = 0
        try:
            while shares or busy:
                while shares and idle:
                    actor, share_of_it = idle.pop(), shares.popleft()
                    orders = [order_of(number) for number in sorted(share_of_it)]
                    busy[actor.work.remote(made, orders)] = (actor, share_of_it)
                ready, _ = ray.wait(list(busy), timeout=_WAIT_SECONDS)
                for stream in ready:
                    actor, left = busy[stream]
                    try:
                        news: News = ray.get(next(stream))
                    except StopIteration:
                        del busy[stream]
                        idle.append(actor)
                    except RayTaskError as error:
                        raise Error(f"a worker failed: {error.cause}") from error
                    except RayActorError as error:
                        del busy[stream]
                        if left:
                            shares.appendleft(left)
                        idle.append(actor_class.remote(*worker))
                        deaths += 1
                        if deaths == _MOST_DEATHS:
                            raise Error(f"{deaths} workers died without any news, the last one: {error}") from error
                    else:
                        deaths = 0 if news else deaths
                        left -= {item.number for item in news if isinstance(item, Made)}
                        yield news
        finally:
            for actor in [*idle, *(actor for actor, _ in busy.values())]:
                ray.kill(actor)
