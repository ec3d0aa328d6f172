"""CSV as it is found: quotes left open, stray quotes, wrong widths, missing headers; one bad row costs itself alone."""

import csv
import io
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from input_files import read, refused, texts, write

HAZARDS = {
    "an open quote is refused at its line and the rows behind it live": (
        'id,text\n1,first\n2,"never closed\n3,third\n4,"two\nlines"\n5,fifth\n',
        ["first", "third", "two\nlines", "fifth"],
        [(3, "E-INPUT")],
    ),
    "a quote closed by the next row's quote does not swallow that row": (
        'id,text\n1,"open\n2,"fine text"\n3,"also, fine"\n',
        ["fine text", "also, fine"],
        [(2, "E-INPUT")],
    ),
    "an open quote in a record's later line is refused at that line": (
        'a,text,b\n1,"two\nlines","open\n2,fine,x\n',
        ["fine"],
        [(3, "E-INPUT")],
    ),
    "an open quote in the last line is refused": ('id,text\n1,fine\n2,"open', ["fine"], [(3, "E-INPUT")]),
    "stray quotes inside a field are part of the text": (
        'id,text\n1,"he said "hi" to me"\n2,19" monitor\n3,"19"" monitor, dark"\n',
        ['he said hi" to me"', '19" monitor', '19" monitor, dark'],
        [],
    ),
    "unquoted commas belong to the text when it is the last column": (
        "id,text\n1,Hello, my screen, is dark\n2,ok\n",
        ["Hello, my screen, is dark", "ok"],
        [],
    ),
    "a short row is read when its text is there": ("text,team,when\nhello there\nbye now,red\n", ["hello there", "bye now"], []),
    "a row without its text is refused": ("id,text\n1,fine\n2\n3,\n4,,\n", ["fine"], [(3, "E-INPUT"), (4, "E-INPUT"), (5, "E-INPUT")]),
    "empty lines are no rows": ("id,text\n\n1,fine\n   \n\r\n2,too\n\n", ["fine", "too"], []),
    "a stray carriage return is white space": ("id,text\n1,one\rtwo\n2,three\r\r\n", ["one two", "three"], []),
    "old line ends are line ends": ("id,text\r1,one\r2,two\r", ["one", "two"], []),
    "NUL is replaced": ("id,text\n1,a\x00b and more\n", ["a\ufffdb and more"], []),
    "unquoted commas in a one-column file are text": (
        "My screen is dark, help\nRefund\nOne, two, three\n",
        ["My screen is dark, help", "Refund", "One, two, three"],
        [],
    ),
    "a one-column header is not a ticket": ("Text\nMy screen, dark\nRefund\n", ["My screen, dark", "Refund"], []),
    "columns without a header are told apart by their values": (
        "1,The screen is dark,open\n2,Refund for May,closed\n",
        ["The screen is dark", "Refund for May"],
        [],
    ),
    "a first ticket with a code of the others' form is no header": (
        "T-1,Printer is dead,x\nT-2,Where is my invoice,y\n",
        ["Printer is dead", "Where is my invoice"],
        [],
    ),
    "a first ticket with a value of the others is no header": (
        "Printer is dead,open\nWhere is my invoice,closed\nRefund please,open\n",
        ["Printer is dead", "Where is my invoice", "Refund please"],
        [],
    ),
    "names beside values of another form are a header": (
        "Case,Words of the customer,Q1\nT-1,Printer is dead,5\nT-2,Refund please,7\n",
        ["Printer is dead", "Refund please"],
        [],
    ),
    "equal column names are told apart": ("text,text,id\nright one,wrong one,1\n", ["right one"], []),
}  # fmt: skip


@pytest.mark.parametrize("hazard", HAZARDS)
def test_csv_hazard(tmp_path, hazard):
    content, expected, bad = HAZARDS[hazard]
    rows = read(write(tmp_path, "a.csv", content))
    assert (texts(rows), refused(rows)) == (expected, bad)


def test_what_a_row_has_beyond_the_header_rides_along(tmp_path):
    (row,) = read(write(tmp_path, "a.csv", "text,team\nhello there,red,more,again\n"))
    assert row.columns == {"team": "red", "surplus_fields": ["more", "again"]}


def test_an_open_quote_costs_one_row_of_thousands(tmp_path):
    rows = read(write(tmp_path, "a.csv", 'id,text\n1,"open\n' + "".join(f"{n},row {n}\n" for n in range(2, 3001))))
    assert refused(rows) == [(2, "E-INPUT")]
    assert len(texts(rows)) == 2999


def test_a_record_may_have_a_thousand_lines_and_no_more(tmp_path):
    fits, too_long = '"' + "x\n" * 999 + 'x"', '"' + "y\n" * 1000 + 'y"'
    rows = read(write(tmp_path, "a.csv", f"id,text\n1,{fits}\n2,{too_long}\n3,last\n"))
    assert texts(rows) == ["x\n" * 999 + "x", "last"]
    assert (1002, "E-INPUT") in refused(rows)


def test_a_line_over_a_mebibyte_is_refused_alone(tmp_path):
    rows = read(write(tmp_path, "a.csv", f"id,text\n1,{'x' * (3 << 20)}\n2,fine\n"))
    assert (texts(rows), refused(rows)) == (["fine"], [(2, "E-INPUT")])


def test_thousands_of_open_quotes_are_read_in_bounded_time(tmp_path):
    content = "id,text\n" + 'a","b\n' * 6000 + '1,x"y,"z\n' * 6000
    started = time.perf_counter()
    rows = read(write(tmp_path, "a.csv", content))
    assert time.perf_counter() - started < 5
    assert len(rows) > 0


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


@given(
    rows=st.lists(st.tuples(cells, cells.filter(str.strip), cells), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@example(rows=[("", "=\r\n,", '"')], delimiter=",", codec="utf-8")
def test_what_the_csv_writer_wrote_is_read_back_exactly(tmp_path_factory, rows, delimiter, codec):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([("ref", "text", "team"), *rows])
    path = write(tmp_path_factory.mktemp("csv"), "a.csv", out.getvalue().encode(codec))
    found = read(path, max_ticket_chars=1000)
    assert [(row.columns["ref"], row.text, row.columns["team"]) for row in found] == rows
