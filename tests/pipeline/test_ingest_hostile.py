"""Whatever the bytes: rows or a refusal, in bounded time and memory."""

import json
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from forge_tui.core.errors import InputRefused
from forge_tui.core.ticket import RefusedRow
from input_files import read, texts, write
from peak_memory import PEAK_BYTES

NAMES = st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl", "a.txt", "noending"])
PIECES = (
    [bytes([byte]) for byte in b'",;\t\n\r\x00[]{}:\\ \xe9']
    + [b"\r\n", b"text", b"id,text\n", b'{"text": "x"}', b'"tickets":[', b"null", b"NaN", b"1e999", b"ab cd"]
    + [b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\xa9"]
)
contents = st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))


@given(contents, NAMES)
def test_any_bytes_become_rows_or_a_refusal(tmp_path_factory, content, name):
    path = write(tmp_path_factory.mktemp("bytes"), name, content)
    try:
        rows = read(path)
    except InputRefused as refusal:
        event(f"refused: {str(refusal).removeprefix(path)[:20]}")
        return
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        row.text.encode()
        json.dumps(dict(row.columns), allow_nan=False).encode()
        assert "\x00" not in row.text
        assert isinstance(row, RefusedRow) or row.text.strip()


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\x00"), max_size=30), max_size=30)
)
def test_every_line_of_a_text_that_is_not_blank_is_one_row(tmp_path_factory, lines):
    wanted = [line for line in (line.removesuffix("\r") for line in lines) if line.strip()]
    path = write(tmp_path_factory.mktemp("text"), "a.txt", "\ufeff" + "".join(f"{line}\r\n" for line in lines))
    if wanted:
        assert len(read(path)) == len(wanted)


HOSTILE = {
    "a quote opened in every row": ("a.csv", "id,text\n" + '1,x"y,"z\n' * 5000),
    "quotes that close and open again": ("a.csv", "id,text\n" + 'a","b\n' * 20_000),
    "ten thousand columns": ("a.csv", ",".join(f"c{n}" for n in range(10_000)) + ",text\n" + "x," * 10_000 + "fine\n"),
    "one endless line": ("a.csv", "id,text\n1," + "x" * 5_000_000),
    "one endless string": ("a.json", '["' + "x" * 5_000_000),
    "a million open brackets": ("a.json", "[" * 1_000_000),
    "objects opened in every line": ("a.json", "[\n" + '{"a": [\n' * 20_000),
    "brackets that close nothing": ("a.json", "[" + "}" * 500_000),
    "backslashes only": ("a.json", '["' + "\\" * 1_000_001),
    "blanks before the list": ("a.json", " " * 5_000_000 + '["fine"]'),
    "lines that are no objects": ("a.jsonl", "[1]\n" * 20_000),
}


@pytest.mark.parametrize("hazard", HOSTILE)
def test_a_hostile_file_is_answered_within_two_seconds(tmp_path, hazard):
    path = write(tmp_path, *HOSTILE[hazard])
    started = time.perf_counter()
    with suppress(InputRefused):
        assert read(path)
    assert time.perf_counter() - started < 2


MEASURE = f"""{PEAK_BYTES}
import sys
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.settings import Settings
with open_inputs([sys.argv[1]], Settings()) as inputs:
    before = peak_bytes()
    count = sum(1 for _ in inputs.rows())
print(count, peak_bytes() - before)
"""


@pytest.mark.alone
@pytest.mark.parametrize("name", ["big.csv", "big.json", "big.jsonl"])
def test_a_file_of_fifty_megabytes_is_streamed(tmp_path, name):
    text = "the screen stays black " * 200
    row = f"1,{text}\n" if name == "big.csv" else json.dumps({"id": 1, "text": text})
    join, start, end = {"big.csv": ("", "id,text\n", ""), "big.json": (",", "[", "]"), "big.jsonl": ("\n", "", "\n")}[
        name
    ]
    path = write(tmp_path, name, start + join.join([row] * 11_000) + end)
    done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert count == 11_000
    assert grown < 10_000_000


def test_a_broken_beginning_does_not_hide_the_rest(tmp_path):
    content = '"open\n' + "".join(f"row {n}\n" for n in range(50))
    assert len(texts(read(write(tmp_path, "a.csv", content)))) == 50
