"""A real engine in its own thread over the simulated provider, and patience for what it does there."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forge_tui.console.engine_orders import Wiring
from forge_tui.console.engine_thread import EngineThread
from forge_tui.core.clock import SystemClock
from forge_tui.settings import Settings

PATIENCE_S = 20.0


def tickets_file(folder: Path, count: int, name: str = "tickets.txt") -> str:
    """A file of `count` different tickets."""
    path = folder / name
    path.write_text("".join(f"screen {n} stays black after the update\n" for n in range(count)), encoding="utf-8")
    return str(path)


@contextmanager
def engine(
    folder: Path, sim: str = "latency=0.002", *, started: bool = True, typed: Sequence[str] = (), **settings: Any
) -> Iterator[EngineThread]:
    """Drained at the end; a console starts its hub itself, so one for it comes not `started`."""
    db = folder / "forge.db"
    chosen = {"provider": "simulated", "sim": sim, "batch_size": 1, "seed": 1, "output": folder / "results"} | settings
    hub = EngineThread(lambda: Wiring(Settings(**chosen), None, db, typed=typed), SystemClock())
    if started:
        hub.start()
    try:
        yield hub
    finally:
        hub.stop()
        assert hub.join(PATIENCE_S), "the engine's thread did not end"


def until(true: Callable[[], Any]) -> Any:
    """The first true answer; fails after PATIENCE_S real seconds, because another thread needs them."""
    deadline = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < deadline:
        if answer := true():
            return answer
        time.sleep(0.01)
    raise AssertionError("it did not come to that")
