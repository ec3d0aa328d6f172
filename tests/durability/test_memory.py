"""P17: memory is bounded by the window of ready tickets, not by the job: it hardly grows from ten thousand rows on."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from peak_memory import PEAK_BYTES
from process_builders import a_provider

WORDS = [
    "printer",
    "screen",
    "invoice",
    "refund",
    "password",
    "login",
    "crash",
    "update",
    "network",
    "laptop",
    "answer",
    "model",
    "account",
    "charge",
    "slow",
]
# The highest resident size of this process, in bytes, when a run of the command is over.
_SCRIPT = f"""{PEAK_BYTES}
import sys
from forge_tui.cli.main import forge_tui
try:
    forge_tui(sys.argv[1:], prog_name="forge-tui")
except SystemExit as end:
    assert end.code == 0, end.code
print(peak_bytes())
"""


def a_run_of(rows: int, folder: Path, *words: str) -> "subprocess.Popen[str]":
    rng = random.Random(rows)
    with (folder / f"{rows}.csv").open("w", encoding="utf-8") as file:
        file.write("id,text\n")
        file.writelines(f"{n},ticket {n} {' '.join(rng.choices(WORDS, k=rng.randint(5, 30)))}\n" for n in range(rows))
    home = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(folder / ".home"))
    return subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, "--batch", f"{rows}.csv", "--db", f"{rows}.db", *words],
        cwd=folder,
        env=home | {"SARVAM_API_KEY": GOOD_KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def peak_mb(run: "subprocess.Popen[str]") -> float:
    out, told = run.communicate()
    assert run.returncode == 0, told
    return int(out) / 1e6


@pytest.mark.alone
def test_fifty_thousand_more_rows_take_a_few_megabytes_more(tmp_path):
    """Were the rows themselves kept, it would be 50 MB; SQLite's own memory is still filling up at this size."""
    few, many = (a_run_of(rows, tmp_path, "--provider", "local") for rows in (50_000, 100_000))
    base_mb, grown_mb = peak_mb(few), peak_mb(many)
    assert grown_mb - base_mb < 20.0
    assert grown_mb < 150.0


@pytest.mark.soak
def test_a_million_tickets_stay_under_two_hundred_megabytes(tmp_path):
    assert peak_mb(a_run_of(1_000_000, tmp_path, "--provider", "local")) < 200.0


@pytest.mark.soak
def test_a_hundred_thousand_requests_of_one_ticket_each_do_too(tmp_path):
    """The ledger has a row for each of them."""
    with a_provider("latency=0.01", lambda sim: SimulatedProvider(parse_options(sim))) as (url, _):
        words = ("--provider", "sarvam", "--base-url", url, "--rpm", "0", "--batch-size", "1", "--concurrency", "50")
        assert peak_mb(a_run_of(100_000, tmp_path, *words)) < 200.0
