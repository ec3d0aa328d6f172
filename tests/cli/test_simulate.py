"""The simulator as a process: it says where it is, answers there, and ends at a signal."""

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner

from forge_tui.cli.main import forge_tui


@pytest.fixture
def simulator() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "forge_tui", "simulate", "--port", "0", "--sim", "latency=0.001,seed=7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_it_answers_where_it_says_and_ends_at_a_signal(simulator: subprocess.Popen[str]):
    said = simulator.stdout.readline()
    address = re.search(r"http://(127\.0\.0\.1:[0-9]+)/v1", said)[1]
    with closing(http.client.HTTPConnection(address, timeout=5)) as connection:
        connection.request("GET", "/v1/models")
        models = json.load(connection.getresponse())
    simulator.send_signal(signal.SIGTERM)
    _, told = simulator.communicate(timeout=5)
    assert models["data"]
    assert (simulator.returncode, told) == (143, "0 chat requests came\n")


def test_a_wrong_option_is_named():
    result = CliRunner().invoke(forge_tui, ["simulate", "--port", "0", "--sim", "latncy=1"])
    assert result.exit_code == 2
    assert "--sim latncy: no such key" in result.stderr
