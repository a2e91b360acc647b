"""The C++ core of longplay. Use the package's Python names instead."""

import enum
from collections.abc import Sequence
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

_Notes: TypeAlias = NDArray[np.void]
_Events: TypeAlias = NDArray[np.int32]
_LogProbabilities: TypeAlias = NDArray[np.float32]

# Errors.

class Error(Exception):
    """Root of the errors that longplay raises on purpose."""

class MidiError(Error):
    """The bytes are not a MIDI file that can be read."""

    offset: int
    """Where reading stopped, in bytes from the start of the file."""

class ModelError(Error):
    """A model folder breaks the model contract."""

class DeviceError(Error):
    """A device, or the runtime that drives it, cannot be used."""

# Scores.

NOTE: np.dtype[Any]

def read_score(
    data: bytes, sustain: bool = True, keep_drums: bool = False, piano_only: bool = False
) -> tuple[_Notes, list[str]]: ...
def write_score(notes: _Notes, length_ms: int, running_status: bool = True, clip_ms: int = 30000) -> bytes: ...
def resolve_overlaps(notes: _Notes) -> _Notes: ...

# Models.

@final
class ElementType(enum.Enum):
    float32 = ...
    int32 = ...
    int64 = ...
    uint8 = ...

class FieldConfig:
    def __init__(self, *, name: str, size: int, values: Sequence[int]) -> None: ...

class ControlConfig:
    def __init__(self, *, name: str, size: int, unknown: int, bounds: Sequence[int], names: Sequence[str]) -> None: ...

class StateConfig:
    def __init__(self, *, input: str, output: str, type: ElementType, shape: Sequence[int]) -> None: ...

class ModelConfig:
    def __init__(
        self,
        *,
        name: str,
        fields: Sequence[FieldConfig],
        start_event: Sequence[int],
        context_width: int,
        controls: Sequence[ControlConfig],
        states: Sequence[StateConfig],
        states_in_place: bool,
    ) -> None: ...
    def validate(self) -> None: ...

@final
class Device(enum.Enum):
    cpu = ...
    cuda = ...

class Runtime:
    def __init__(self, library_path: str) -> None: ...
    @property
    def version(self) -> str: ...

class ModelFiles:
    def __init__(self, config: ModelConfig, step: bytes, heads: Sequence[bytes]) -> None: ...

class Model:
    def __init__(self, runtime: Runtime, files: ModelFiles, device: Device, max_batch: int) -> None: ...
    def step(self, events: NDArray[np.int64], controls: NDArray[np.int64]) -> NDArray[np.float32]: ...
    def head(self, field: int, drawn: NDArray[np.int64]) -> NDArray[np.float32]: ...
    def reset(self, row: int) -> None: ...
    def save(self, row: int) -> bytes: ...
    def load(self, row: int, state: bytes) -> None: ...
    @property
    def state_bytes(self) -> int: ...
    @property
    def max_batch(self) -> int: ...
    @property
    def run_seconds(self) -> float: ...

# Tokenizer and sampling.

class Tokenizer:
    def __init__(self, config: ModelConfig) -> None: ...
    def encode(self, notes: _Notes) -> _Events: ...
    def decode(self, events: _Events) -> _Notes: ...
    @property
    def end_id(self) -> int: ...

class SamplingParams:
    def __init__(self, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0) -> None: ...
    @property
    def temperature(self) -> float: ...
    @property
    def top_k(self) -> int: ...
    @property
    def top_p(self) -> float: ...
    @property
    def min_p(self) -> float: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def sample_batch(
    logits: NDArray[np.float32],
    params: SamplingParams,
    *,
    random_seed: int,
    step: int = 0,
    field: int = 0,
    first_candidate: int = 0,
    bias: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...
def philox4x32(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
def uniform(*, random_seed: int, candidate: int, event: int, field: int) -> float: ...

# Generation.

def generate_events(
    runtime: Runtime,
    files: ModelFiles,
    prompts: Sequence[_Events],
    max_events: Sequence[int],
    *,
    random_seed: int = 0,
    first_candidate: int = 0,
    params: Sequence[SamplingParams],
    bias: Sequence[Sequence[float]],
    controls: Sequence[int],
    score_prompt: bool = False,
    rows: int = 1,
) -> list[tuple[_Events, _LogProbabilities, _LogProbabilities]]: ...

class Settings:
    def __init__(
        self,
        *,
        length_ms: int,
        random_seed: int,
        params: Sequence[SamplingParams],
        bias: Sequence[Sequence[float]],
        controls: Sequence[int],
        include_seed: bool,
        recital: bool,
    ) -> None: ...

class LoopTime:
    @property
    def total_seconds(self) -> float: ...
    @property
    def run_seconds(self) -> float: ...
    @property
    def steps(self) -> int: ...

class Job:
    def __len__(self) -> int: ...
    def wait(self, index: int, seconds: float) -> bool: ...
    def take(self, index: int) -> tuple[_Notes, _Events, _LogProbabilities, list[str]]: ...
    @property
    def made_ms(self) -> int: ...
    def stop(self) -> None: ...

class Engine:
    def __init__(self, runtime: Runtime, files: ModelFiles, device: Device, num_threads: int) -> None: ...
    @property
    def num_threads(self) -> int: ...
    @property
    def time(self) -> LoopTime: ...
    def start(self, seeds: Sequence[bytes | None], settings: Settings) -> Job: ...
    def score(self, midi: bytes) -> tuple[_Events, _LogProbabilities, list[str]]: ...
