"""Whole files that cannot be tickets are refused at once, with the name as given and what to do about it."""

import os
import socket
import time

import pytest

from forge_tui.core.errors import InputRefused
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.settings import Settings
from input_files import write


def refusal(*paths):
    started = time.perf_counter()
    with pytest.raises(InputRefused) as raised:
        open_inputs(paths, Settings())
    assert time.perf_counter() - started < 2
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.json", b"", "the file is empty"),
        ("a.csv", b"id,text\n", "a header and no rows"),
        ("a.txt", b"\n \n\r\n", "holds no tickets"),
        ("a.json", b"[ ]", "holds no tickets"),
        ("a.json", b'{"tickets": []}', "holds no tickets"),
        ("a.json", b'{"rows": ["x"]}', "which column is the ticket"),
        ("a.json", b'{"rows": [\n"x"]}\n', "no list of tickets"),
        ("a.json", b'{"tickets": 5,\n "a": [1]}', "no list of tickets"),
        ("a.json", b'{"a": 1', "no list of tickets"),
        ("a.json", b"{", "no list of tickets"),
        ("a.csv", b"PK\x03\x04rest of a workbook", "a spreadsheet or an archive"),
        ("a.csv", b"\x1f\x8b\x08rest", "compressed"),
        ("a.bin", bytes(1000), "is not text"),
    ],
)
def test_a_file_without_tickets_is_refused(tmp_path, name, content, says):
    path = write(tmp_path, name, content)
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert says in message


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path):
    path = str(tmp_path / "pipe.csv")
    os.mkfifo(path)
    assert "is a pipe" in refusal(path)


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert refusal("s").startswith("s: ")


def test_a_folder_is_refused_with_the_way_to_name_its_files(tmp_path):
    assert f"{tmp_path}/*.csv" in refusal(str(tmp_path))


def test_a_device_is_refused_with_the_name_of_standard_input():
    assert "name - for standard input" in refusal("/dev/null")


@pytest.mark.parametrize("name", ["nowhere.csv", "a\x00b", "x" * 5000, "/dev/null/a.csv", ""])
def test_a_name_that_opens_nothing_is_refused(name):
    assert refusal(name)


def test_one_bad_file_of_several_refuses_before_anything_is_read(tmp_path):
    assert "nowhere.csv: no such file" in refusal(write(tmp_path, "a.txt", "fine\n"), "nowhere.csv")


def test_nothing_named_and_standard_input_named_twice_are_refused():
    assert "name a file" in refusal()
    assert "once" in refusal("-", "-")


def test_a_symbolic_link_to_a_file_is_followed(tmp_path):
    target = write(tmp_path, "a.txt", "fine\n")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    with open_inputs([str(link)], Settings()) as inputs:
        assert [row.text for row in inputs.rows()] == ["fine"]


def test_a_file_that_vanishes_before_it_is_read_is_refused_by_name(tmp_path):
    path = write(tmp_path, "a.txt", "fine\n")
    with open_inputs([path], Settings()) as inputs:
        os.unlink(path)  # noqa: PTH108  # the path is a string, as everywhere here
        with pytest.raises(InputRefused, match=r"a\.txt: no such file"):
            list(inputs.rows())
