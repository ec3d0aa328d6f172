"""What people would use instead, on the same server in the same run: each in an environment of its own, made on demand."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import ROOT
from benchmarks.figures import Effort, Finding, Plot, Spread, Table
from benchmarks.lean_server import Behaviour, lean_server
from benchmarks.runs import tickets, write_tickets

CELLS = ((10, 0.2, 300), (100, 0.05, 4_000), (500, 0.2, 5_000))  # slots, latency in seconds, tickets
GIVE_UP_S = 10.0
INSTALL_WITHIN_S = 900.0
ENVIRONMENTS = ROOT / "benchmarks" / ".peers"
SCRIPTS = ROOT / "benchmarks" / "peer_scripts"


@dataclass(frozen=True, slots=True)
class Peer:
    """A script and the packages it needs; ours runs in the environment that measures."""

    name: str
    script: str
    packages: tuple[str, ...] = ()


PEERS = (
    Peer("forge_tui", "forge_tui_run.py"),
    Peer("httpx gather", "httpx_gather.py", ("httpx>=0.28,<0.29",)),
    Peer("aiohttp gather", "aiohttp_gather.py", ("aiohttp>=3.13,<4",)),
    Peer("openai SDK", "openai_sdk.py", ("openai>=3,<4",)),
    Peer("cookbook-style loop", "cookbook_loop.py", ("aiohttp>=3.13,<4",)),
    Peer("curator", "curator.py", ("bespokelabs-curator>=0.1.31,<0.2",)),
)


class Skipped(Exception):
    """A peer that cannot be measured here, and why."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a peer, as its script tells it; `done` may be less than all where the time was up."""

    done: int
    seconds: float
    cpu_s: float
    rss_mb: float


def peers(effort: Effort) -> Finding:
    """Plain httpx and aiohttp, the openai SDK, a cookbook-style loop and curator beside ours: rate, CPU, memory."""
    tables, notes = [], []
    curves: dict[str, list[tuple[float, float]]] = {"ideal (slots / latency)": []}
    pythons: dict[str, Path] = {}
    for peer in PEERS:
        try:
            pythons[peer.name] = _python_for(peer)
        except Skipped as skipped:
            notes.append(f"{peer.name} was skipped: {skipped}")
            print(notes[-1])
    for slots, latency_s, count in CELLS:
        ideal = slots / latency_s
        curves["ideal (slots / latency)"].append((slots, ideal))
        rows = []
        with TemporaryDirectory() as folder, lean_server(Behaviour(latency_s=latency_s)) as server:
            path = write_tickets(Path(folder) / "tickets.txt", tickets(count))
            for peer in [peer for peer in PEERS if peer.name in pythons]:
                words = [server.url, str(path), str(slots), str(GIVE_UP_S)]
                try:
                    trials = [_trial(pythons[peer.name], peer, words) for _ in range(effort.repetitions)]
                except Skipped as skipped:
                    notes.append(f"{peer.name} at {slots} slots: {skipped}")
                    print(notes[-1])
                    continue
                rate = Spread.of(trial.done / trial.seconds for trial in trials)
                rows.append(_row(peer.name, trials, rate, ideal))
                curves.setdefault(peer.name, []).append((slots, rate.median))
        head = ["client", "tickets/s", "of the ideal", "CPU ms a ticket", "peak RSS MB"]
        tables.append(Table(f"{count:,} tickets, {slots} slots, {latency_s * 1000:.0f} ms", head, rows))
    title = "Tickets a second over slots: 10 / 200 ms, 100 / 50 ms, 500 / 200 ms"
    plot = Plot("peers", title, "slots", "tickets/s", curves, log_x=True, log_y=True)
    notes.append(
        "Ours stores every ticket, answer and request durably while it runs, and starts slowly; the others keep results"
        f" in memory, curator and the loop in a file. A client that is not done after {GIVE_UP_S:.0f} s stops there."
    )
    return Finding(tables, plots=[plot], notes=notes)


def _row(name: str, trials: list[Trial], rate: Spread, ideal: float) -> list[str]:
    return [
        *(name, rate.text(0), f"{rate.median / ideal:.0%}"),
        Spread.of(trial.cpu_s / trial.done * 1000 for trial in trials).text(),
        Spread.of(trial.rss_mb for trial in trials).text(0),
    ]


def _python_for(peer: Peer) -> Path:
    """The interpreter that has the peer's packages. Raises Skipped when they cannot be installed."""
    if not peer.packages:
        return Path(sys.executable)
    home = ENVIRONMENTS / Path(peer.script).stem
    python = home / "bin" / "python"
    if not (home / ".ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        print(f"installing {', '.join(peer.packages)} into {home.relative_to(ROOT)} (once) ...")
        _run([sys.executable, "-m", "venv", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.packages])
        (home / ".ready").touch()
    return python


def _trial(python: Path, peer: Peer, words: list[str]) -> Trial:
    return Trial(**json.loads(_run([str(python), str(SCRIPTS / peer.script), *words]).splitlines()[-1]))


def _run(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=INSTALL_WITHIN_S
        ).stdout
    except (subprocess.SubprocessError, OSError) as fault:
        said = (getattr(fault, "stderr", None) or str(fault)).strip().splitlines()
        raise Skipped(said[-1] if said else "it failed without a word") from fault
