"""What a frame is drawn from: the newest snapshot, the time, and how the engine and the screen are doing."""

from dataclasses import dataclass, field

from forge_tui.core.errors import ForgeError, KeyMissing
from forge_tui.core.failure import Code
from forge_tui.core.job import JobRecord
from forge_tui.core.snapshot import Snapshot

STALE_AFTER_S = 3.0


@dataclass(frozen=True, slots=True)
class Starting:
    """The engine's thread is opening the database and the endpoint."""


@dataclass(frozen=True, slots=True)
class Live:
    """The engine obeys; `provider` is why this endpoint was chosen, `local` says that rules answer, not a model."""

    provider: str = ""
    local: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine could not open: `message` names the cause and the cure; `error` decides the exit code.

    `final` where nothing that can be done here cures it: a wrong setting, a key file that cannot be read.
    """

    message: str
    code: Code
    error: ForgeError | None = field(default=None, compare=False)
    final: bool = False

    @property
    def for_want_of_a_key(self) -> bool:
        """Whether a key is all that is missing."""
        return isinstance(self.error, KeyMissing)


@dataclass(frozen=True, slots=True)
class Crashed:
    """The engine's thread died of a bug; `traceback` holds no values of variables."""

    summary: str
    traceback: str
    log_path: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The engine has drained and closed the store."""


EngineState = Starting | Live | Refused | Crashed | Stopped


@dataclass(frozen=True, slots=True)
class Held:
    """An order that waits `due_mono` out so that it can be undone; `words` name it: `Retry 23`."""

    words: str
    due_mono: float


@dataclass(frozen=True, slots=True)
class View:
    """One frame; `now_mono` and `at` are the screen's own clock, `pending` the commands not yet answered."""

    job: Snapshot = field(default_factory=Snapshot.empty)
    now_mono: float = 0.0
    at: float = 0.0
    engine: EngineState = field(default_factory=Starting)
    frozen: bool = False
    paint_ms: float = 0.0
    pending: tuple[str, ...] = ()
    held: Held | None = None
    jobs: tuple[JobRecord, ...] = ()
    recent_files: tuple[str, ...] = ()

    @property
    def stale_s(self) -> float:
        """How old the snapshot is, once that is worth telling; 0 while it is fresh or the engine has nothing to tell."""
        age_s = self.now_mono - self.job.at_mono
        running = isinstance(self.engine, Live | Crashed)
        return age_s if running and self.job.seq and age_s >= STALE_AFTER_S else 0.0
