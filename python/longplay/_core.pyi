"""The C++ core of longplay. Use the package's Python names instead."""

import enum
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

_Notes: TypeAlias = NDArray[np.void]
_Events: TypeAlias = NDArray[np.int32]
_LogProbabilities: TypeAlias = NDArray[np.float32]

class _Cancel(Protocol):
    def is_set(self) -> bool: ...

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

class Cancelled(Error):  # noqa: N818  # the caller asked for it; nothing has failed
    """The caller has cancelled the work."""

class SnapshotError(Error):
    """The bytes are not a valid snapshot."""

# Scores.

DRUMS: int
PROGRAM_NOTE: np.dtype[Any]
NOTE: np.dtype[Any]
MAX_BATCH: int
MAX_MIDI_BYTES: int
MAX_MILLISECONDS: int

def read_score(
    data: bytes, *, sustain: bool, keep_drums: bool, piano_only: bool, cancel: _Cancel | None = None
) -> tuple[_Notes, list[str]]: ...
def write_score(notes: _Notes, length_ms: int, *, running_status: bool, clip_ms: int) -> bytes: ...
def resolve_overlaps(notes: _Notes) -> _Notes: ...

# Models.

@final
class ElementType(enum.Enum):
    float32 = ...
    int32 = ...
    int64 = ...
    uint8 = ...
    float16 = ...
    int8 = ...

class FieldConfig:
    def __init__(self, *, name: str, size: int, values: Sequence[int]) -> None: ...

class ControlConfig:
    def __init__(self, *, name: str, size: int, unknown: int, bounds: Sequence[int], names: Sequence[str]) -> None: ...

class StateConfig:
    def __init__(self, *, input: str, output: str, type: ElementType, shape: Sequence[int]) -> None: ...

class CriticConfig:
    def __init__(self, *, events: int, phrase_ms: int) -> None: ...

@final
class Operation(enum.Enum):
    advance = ...
    bar = ...
    seek = ...
    rest = ...
    meter = ...
    tempo = ...
    pitch = ...
    velocity = ...
    duration = ...
    program = ...
    emit = ...
    press = ...
    release = ...
    release_last = ...
    end = ...

@final
class Condition(enum.Enum):
    later = ...
    new = ...
    sounding = ...
    silent = ...

class VocabularyType:
    def __init__(
        self,
        *,
        name: str,
        operations: Sequence[tuple[Operation, int | None]],
        then: Sequence[str],
        only: Sequence[Condition],
    ) -> None: ...

class WordBoundary(enum.Enum):
    none = ...
    bar = ...
    beat = ...

class PiecesConfig:
    def __init__(
        self,
        *,
        tokens: Sequence[Sequence[int]],
        words: WordBoundary,
        merges: Sequence[Sequence[int]],
        scores: Sequence[float],
    ) -> None: ...

class VocabularyConfig:
    def __init__(
        self,
        *,
        tick_ms: int,
        ticks_per_beat: int,
        beats_per_minute: int,
        meter: Sequence[int],
        scaled: bool,
        velocity: int,
        duration: int,
        program: int,
        tempo: int,
        types: Sequence[VocabularyType],
        first: Sequence[str],
        tokens: Sequence[tuple[str, Sequence[int]]],
        pieces: PiecesConfig | None,
    ) -> None: ...

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
        seed_events: int,
        notes_per_second: tuple[float, float] | None,
        critic: CriticConfig | None,
        vocabulary: VocabularyConfig | None,
    ) -> None: ...
    def validate(self) -> None: ...

class Device:
    cpu: ClassVar[Device]
    @staticmethod
    def cuda(index: int, capture: bool) -> Device: ...

class Runtime:
    def __init__(self, library_path: str, kernels: str = "") -> None: ...
    @property
    def version(self) -> str: ...
    @property
    def kernels(self) -> str: ...
    @staticmethod
    def usable_kernels() -> list[str]: ...

class ModelFiles:
    def __init__(self, config: ModelConfig, step: bytes, heads: Sequence[bytes], critic: bytes) -> None: ...

class Model:
    def __init__(self, runtime: Runtime, files: ModelFiles, device: Device, max_batch: int) -> None: ...
    def step(self, events: NDArray[np.int64], controls: NDArray[np.int64]) -> NDArray[np.float32]: ...
    def mark_seed(self, row: int, is_seed: bool) -> None: ...
    def head(self, field: int, drawn: NDArray[np.int64]) -> NDArray[np.float32]: ...
    def reset(self, row: int) -> None: ...
    def save(self, row: int) -> bytes: ...
    def load(self, row: int, state: bytes) -> None: ...
    @property
    def state_bytes(self) -> int: ...
    @property
    def max_batch(self) -> int: ...
    @property
    def row_copies(self) -> int: ...
    @property
    def run_seconds(self) -> float: ...

# Tokenizer and sampling.

class Tokenizer:
    def __init__(self, config: ModelConfig) -> None: ...
    def encode(self, notes: _Notes) -> _Events: ...
    def decode(self, events: _Events) -> _Notes: ...
    @property
    def end_id(self) -> int | None: ...

class SamplingParams:
    def __init__(self, *, temperature: float, top_k: int, top_p: float, min_p: float) -> None: ...
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

SAMPLING_OFF: SamplingParams

def sample_batch(
    logits: NDArray[np.float32],
    params: SamplingParams,
    *,
    random_seed: int,
    step: int,
    field: int,
    first_candidate: int,
    bias: NDArray[np.float32] | None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...
def uniform(*, random_seed: int, candidate: int, event: int, field: int) -> float: ...

# The form.

def time_rank(ms: int) -> float: ...
def binary_logarithm(x: float) -> float: ...

CLIPS: int
CLIP_MS: int
CLIP_GRACE_MS: int
SILENT_END_MS: int
MAX_GAP_MS: int
CLOSE_GAP_MS: int
KEY_MS: int
SHORTEST_LOOP: int
LONGEST_LOOP: int

# Generation.

GUIDANCE_OFF: float
MOST_BRANCHES: int

def generate_events(
    runtime: Runtime,
    files: ModelFiles,
    prompts: Sequence[_Events],
    max_events: Sequence[int],
    *,
    random_seed: int,
    first_candidate: int,
    params: Sequence[SamplingParams],
    bias: Sequence[Sequence[float]],
    controls: Sequence[int],
    guidance_scale: float,
    score_prompt: bool,
    rows: int,
    cancel: _Cancel | None = None,
) -> list[tuple[_Events, _LogProbabilities, _LogProbabilities]]: ...

class NamedKey:
    def __init__(self, tonic: int, minor: bool) -> None: ...

class KeyOfSeed:
    def __init__(self) -> None: ...

class NoKey:
    def __init__(self) -> None: ...

class Settings:
    def __init__(
        self,
        *,
        length_ms: int,
        random_seed: int,
        params: Sequence[SamplingParams],
        bias: Sequence[Sequence[float]],
        controls: Sequence[int],
        guidance_scale: float,
        include_seed: bool,
        recital: bool,
        steady: bool,
        two_hands: bool,
        playable: bool,
        search: int,
        key: KeyOfSeed | NamedKey | NoKey,
        candidate: int,
        keep_ms: int | None,
        avoid: PhraseIndex | None,
    ) -> None: ...

class GenerateTask:
    def __init__(self, seed: bytes | None, settings: Settings) -> None: ...

MOST_PARTICLES: int

class SketchTask:
    def __init__(
        self,
        *,
        notes: _Notes,
        free: NDArray[np.bool_],
        slack_ms: NDArray[np.int64],
        open: Sequence[tuple[int, int]],
        added_per_second: float,
        particles: int,
        settings: Settings,
    ) -> None: ...

class LoopTime:
    @property
    def total_seconds(self) -> float: ...
    @property
    def run_seconds(self) -> float: ...
    @property
    def step_seconds(self) -> float: ...
    @property
    def sampling_seconds(self) -> float: ...
    @property
    def steps(self) -> int: ...
    @property
    def row_steps(self) -> int: ...
    def __add__(self, arg0: LoopTime, /) -> LoopTime: ...

class Job:
    def __len__(self) -> int: ...
    def wait(self, index: int, seconds: float) -> bool: ...
    def take(self, index: int) -> tuple[_Notes, _Events, _LogProbabilities, list[str], int, Snapshot | None]: ...
    def snapshot(self, index: int, first_event: int) -> tuple[Snapshot, int, _Events, _LogProbabilities] | None: ...
    @property
    def made_ms(self) -> int: ...
    def stop(self) -> None: ...

class Snapshot:
    def __init__(self, state: bytes, events: int, notes: _Notes) -> None: ...
    @property
    def state(self) -> bytes: ...
    @property
    def events(self) -> int: ...
    @property
    def notes(self) -> _Notes: ...

class Extension:
    def __init__(
        self,
        snapshot: Snapshot,
        snapshot_length_ms: int,
        events: _Events,
        log_probabilities: _LogProbabilities,
        settings: Settings,
    ) -> None: ...

class Stream:
    def prefill(self, cancel: _Cancel | None = None) -> bool: ...
    def draw(self, events: int, cancel: _Cancel | None = None) -> _Notes: ...
    def save(self) -> Snapshot: ...
    @property
    def warnings(self) -> list[str]: ...

class Session:
    def prefill(self, cancel: _Cancel | None = None) -> bool: ...
    def feed(self, notes: _Notes, cancel: _Cancel | None = None) -> None: ...
    def next(
        self,
        *,
        onset_ms: int | None,
        duration_ms: int | None,
        pitch: int | None,
        velocity: int | None,
        cancel: _Cancel | None = None,
    ) -> _Notes: ...
    def save(self) -> Snapshot: ...
    @property
    def warnings(self) -> list[str]: ...

def branch_seed(*, random_seed: int, candidate: int, event: int, branch: int) -> int: ...

class Engine:
    def __init__(self, runtime: Runtime, files: ModelFiles, device: Device, num_threads: int) -> None: ...
    @property
    def num_threads(self) -> int: ...
    @property
    def time(self) -> LoopTime: ...
    @property
    def row_copies(self) -> int: ...
    def start(self, tasks: Sequence[GenerateTask | Extension | SketchTask], cancel: _Cancel | None = None) -> Job: ...
    def stream(self, seed: bytes | None, settings: Settings, cancel: _Cancel | None = None) -> Stream: ...
    def session(self, seed: bytes | None, settings: Settings, cancel: _Cancel | None = None) -> Session: ...
    def resume_stream(self, snapshot: Snapshot, settings: Settings) -> Stream: ...
    def resume_session(self, snapshot: Snapshot, settings: Settings) -> Session: ...
    def score(
        self, midi: bytes, controls: Sequence[Sequence[int]], most: int, cancel: _Cancel | None = None
    ) -> tuple[list[_LogProbabilities], list[str]]: ...

# Originality.

_Bytes: TypeAlias = NDArray[np.uint8]
_Numbers: TypeAlias = NDArray[np.uint32]

def pitch_series(notes: _Notes, series: str, step_ms: int) -> _Bytes: ...
def dtw_distance(x: _Bytes, y: _Bytes, band: int) -> int: ...
def order_windows(series: _Bytes, starts: _Numbers, steps: int, cancel: _Cancel | None = None) -> _Numbers: ...

class WindowSearch:
    def __init__(self, series: _Bytes, starts: _Numbers, steps: int, band: int) -> None: ...
    def nearest(
        self, queries: _Bytes, excluded: _Numbers, num_threads: int, cancel: _Cancel | None = None
    ) -> tuple[_Numbers, _Numbers]: ...

def interval_symbols(pitches: _Bytes, first_notes: _Numbers) -> _Bytes: ...
def sort_phrases(symbols: _Bytes, cancel: _Cancel | None = None) -> _Numbers: ...

QUOTED_NOTES: int

class PhraseIndex:
    def __init__(self, symbols: _Bytes, sorted: _Numbers) -> None: ...
    def longest_runs(self, work: _Bytes, cancel: _Cancel | None = None) -> tuple[_Numbers, _Numbers]: ...
    def find_quotes(
        self, work: _Bytes, least_bits: float, excluded: tuple[int, int], cancel: _Cancel | None = None
    ) -> list[tuple[int, int, int, int, float]]: ...
