"""P24: a key that a whole run used, typed and crashed with is found in no file, on no stream and on no screen."""

import base64
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch
from urllib.parse import quote

from forge_tui.provider.simulator import account
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from process_builders import PATIENCE_S, a_provider, classify
from session_builders import texts
from terminal_builders import Terminal

# With characters that percent-encoding and JSON would write in another way.
KEY = 'sk-CANARY-7f3a/9"c1+e5d8b2'
ROWS = [*texts(30), "POISON: the provider quotes the key in its refusal", "=SUM(A1) is what I typed"]


class Telltale(SimulatedProvider):
    """Says the key back wherever a server can: in refusals, headers and summaries."""

    def __init__(self, _: str) -> None:
        super().__init__(parse_options("latency=0.01,poison=POISON:rejected"))

    def accept(self, request, now, wall):
        exchange = super().accept(request, now, wall)
        if getattr(exchange, "status", None) is None:
            return exchange
        body = exchange.body.replace(b"The content", json.dumps(f"key {KEY} from").encode()[1:-1])
        if exchange.status == 200 and b"screen 0 stays" in request.body:
            body = body.replace(b"screen 0", json.dumps(json.dumps(KEY)).encode()[3:-3])
        headers = tuple((name, KEY if name == "x-request-id" else value) for name, value in exchange.headers)
        return replace(exchange, body=body, headers=headers)


@contextmanager
def telltale():
    with patch.dict(account._ACCOUNT_OF_KEY, {KEY: "paying"}), a_provider("", Telltale) as (url, provider):
        yield url, provider


def spellings():
    raw = KEY.encode()
    inside = {base64.b64encode(b"\0" * pad + raw)[4 : -4 - pad].strip(b"=") for pad in range(3)}
    words = {KEY, quote(KEY), quote(KEY, safe=""), json.dumps(KEY)[1:-1], repr(KEY)[1:-1], raw.hex()}
    return (
        [word.encode() for word in words]
        + [*inside]
        + [form.translate(bytes.maketrans(b"+/", b"-_")) for form in inside]
    )


def where_the_key_is(folder, *streams):
    """Every file below `folder`, and every stream, that holds the key in any spelling, or a good part of it."""
    wanted = re.compile(b"|".join(map(re.escape, [*spellings(), b"CANARY-7f3a"])))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".log"}
    hits = [str(path.relative_to(folder)) for path in files if wanted.search(path.read_bytes())]
    return hits + [f"stream {number}" for number, stream in enumerate(streams) if wanted.search(stream)]


def environment(folder):
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(folder / ".home"))
    return {**os.environ, **homes, "SARVAM_API_KEY": KEY, "FORGE_LOG_LEVEL": "debug"}


def command(folder, *words, program=("-m", "forge_tui")):
    run = subprocess.run(
        [sys.executable, *program, *map(str, words)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def test_no_batch_run_and_no_look_at_it_tells_the_key(tmp_path):
    """D34: the key is in no file, log or output."""
    with telltale() as (url, provider):
        words = classify(tmp_path, "tickets.txt", ROWS, url)
        code, ran = command(tmp_path, *words, "--events", "events.jsonl", "--json")
        _, probed = command(
            tmp_path, "doctor", "--probe", "--provider", "sarvam", "--base-url", url, "--db", "forge.db"
        )
    _, shown = command(tmp_path, "jobs", "last", "--json", "--db", "forge.db")
    _, exported = command(tmp_path, "export", "last", "--csv-raw", "--output", "raw", "--db", "forge.db")
    assert (code, provider.stats.statuses[200] >= len(ROWS) - 1) == (4, True)
    assert b"E-REQ" in (tmp_path / "tickets-results" / "failures.jsonl").read_bytes()
    assert where_the_key_is(tmp_path, ran, probed, shown, exported) == []


# A bug where the key is at hand: in the exception's own words, and in the locals of every frame above it.
_BUG = """
import sys
from forge_tui.provider.chat_client import ChatClient

async def broken(self, content, started):
    request = self._request(content)
    raise RuntimeError(f"could not send {dict(request.headers)}")

ChatClient._exchange = broken
"""
_CRASH = """
from forge_tui.pipeline.recorder import Recorder

def crashing(self, landing, settling):
    headers = self.key = "%s"
    raise RuntimeError("a bug of ours")

Recorder.record = crashing
"""
_START = "\nfrom forge_tui.cli.main import forge_tui\nforge_tui(sys.argv[1:], prog_name='forge-tui')\n"


def test_no_bug_in_a_batch_run_tells_the_key(tmp_path):
    with telltale() as (url, _):
        words = classify(tmp_path, "tickets.txt", ROWS, url)
        code, told = command(tmp_path, *words, "--events", "events.jsonl", program=("-c", _BUG + _START))
        again, crashed = command(
            tmp_path, *words, "--new", program=("-c", "import sys" + _CRASH % KEY.replace('"', '\\"') + _START)
        )
    assert (code, again) == (3, 1)
    assert b"RuntimeError" in crashed
    assert b"internal error, RuntimeError in <string>:6 crashing; what was answered is kept. To go on:" in crashed
    assert where_the_key_is(tmp_path, told, crashed) == []


_SCREEN = """
import sys
from forge_tui.console.screens.help import HelpDialog

def compose(self):
    key = %r
    raise RuntimeError("a bug of ours")

HelpDialog.compose = compose
"""


def test_no_console_tells_the_key_typed_or_found_run_or_crashed(tmp_path):
    with telltale() as (url, provider):
        words = [str(word) for word in classify(tmp_path, "tickets.txt", ROWS, url) if word != "--batch"]
        console = Terminal(
            tmp_path, *words, columns=120, lines=40, program=("-c", _SCREEN % KEY + _START), more=environment(tmp_path)
        )
        try:
            console.until(b"Run with")
            console.until(b"to send")
            console.type("\r")
            console.until(b"DONE")
            console.type("K")
            console.until(b"paste or type it")
            console.settle()  # the words stand there before the line takes letters
            typed = len(console.seen)
            console.type(f"{KEY}\r")
            console.until(b"no job", since=typed)  # another session, with the key
            console.type("?")
            code = console.end()
        finally:
            console.close()
    assert code == 1
    assert b"RuntimeError" in console.seen
    assert provider.stats.statuses[200] >= len(ROWS) - 1
    assert where_the_key_is(tmp_path, console.seen) == []
