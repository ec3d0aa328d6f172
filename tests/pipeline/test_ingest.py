"""What the ingest stage makes of good files: positions, texts, ids, columns, limits."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.errors import InputRefused
from forge_tui.core.failure import Code
from forge_tui.core.ticket import RefusedRow, Ticket
from forge_tui.pipeline.ingest import cut_middle, open_inputs
from forge_tui.settings import Settings
from input_files import read, texts, write

EVERY_FORMAT = {
    "a.csv": "id,text\n7,The screen is black\n8,Refund please\n",
    "a.tsv": "id\ttext\n7\tThe screen is black\n8\tRefund please\n",
    "semicolons.csv": "id;text\n7;The screen is black\n8;Refund please\n",
    "a.jsonl": '{"id": 7, "text": "The screen is black"}\n{"id": 8, "text": "Refund please"}\n',
    "lines.json": '{"id": 7, "text": "The screen is black"}\n{"id": 8, "text": "Refund please"}\n',
    "list.json": '[{"id": 7, "text": "The screen is black"},\n {"id": 8, "text": "Refund please"}]',
    "strings.json": '["The screen is black", "Refund please"]',
    "body.json": '{"options": {"x": [1, "]"]}, "tickets": ["The screen is black", "Refund please"], "more": 1}',
    "pretty.json": json.dumps({"tickets": [{"text": "The screen is black"}, {"text": "Refund please"}]}, indent=2),
    "strings.jsonl": '"The screen is black"\n"Refund please"\n',
    "a.txt": "The screen is black\n\nRefund please\r\n",
    "headerless.csv": "The screen is black\nRefund please\n",
}


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_the_same_two_tickets_come_out_of_every_format(tmp_path, name):
    assert texts(read(write(tmp_path, name, EVERY_FORMAT[name]))) == ["The screen is black", "Refund please"]


# Lines in quotes could be plain text as well: without the file's ending they are taken for that.
@pytest.mark.parametrize("name", sorted(EVERY_FORMAT.keys() - {"strings.jsonl"}))
def test_standard_input_is_told_by_its_content_and_can_be_read_twice(name):
    content = EVERY_FORMAT[name].encode()
    with open_inputs(["-"], Settings(), stdin=io.BytesIO(content)) as inputs:
        assert texts(inputs.rows()) == texts(inputs.rows()) == ["The screen is black", "Refund please"]
        assert inputs.sha256() == hashlib.sha256(content).hexdigest()
        assert inputs.files == ("stdin",)


def test_closing_the_inputs_removes_what_was_kept_of_standard_input(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_inputs(["-"], Settings(), stdin=io.BytesIO(b"one\ntwo\n")):
        (kept,) = tmp_path.iterdir()
        assert kept.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []


def test_a_ticket_knows_its_line_its_id_and_its_other_columns(tmp_path):
    path = write(tmp_path, "a.csv", 'id,body,team\nX-1,"two\nlines",red\nX-2,one line,\n')
    first, second = read(path)
    assert first == Ticket(1, "two\nlines", first.origin, "X-1", {"team": "red"})
    assert (first.origin.line, second.origin.line) == (2, 4)
    assert str(second.origin) == f"{path}:4"
    assert second.columns == {"team": ""}


def test_files_are_read_in_order_as_one_sequence_under_the_names_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a.csv", "text\none\ntwo\n")
    write(tmp_path, "b.jsonl", '{"message": "three"}\n')
    with open_inputs(["a.csv", "b.jsonl"], Settings()) as inputs:
        rows = list(inputs.rows())
        assert [(row.position, row.origin.file, row.text) for row in rows] == [
            (1, "a.csv", "one"),
            (2, "a.csv", "two"),
            (3, "b.jsonl", "three"),
        ]
        whole = Path("a.csv").read_bytes() + Path("b.jsonl").read_bytes()
        assert inputs.sha256() == hashlib.sha256(whole).hexdigest()
        assert (inputs.text_column, inputs.columns) == ("text", ("text", "message"))


def test_reading_resumes_after_the_rows_that_were_stored(tmp_path):
    path = write(tmp_path, "a.csv", "text\n" + "".join(f"row {n}\n" for n in range(1, 8)))
    with open_inputs([path], Settings(limit=5)) as inputs:
        whole = list(inputs.rows())
        assert [row.position for row in whole] == [1, 2, 3, 4, 5]
        assert list(inputs.rows(skip=3)) == whole[3:]
        assert list(inputs.rows(skip=5)) == []


def test_the_description_tells_what_the_preview_shows(tmp_path):
    content = "\ufeffkey,Body,when\n1,The screen is black,today\n"
    with open_inputs([write(tmp_path, "a.csv", content)], Settings()) as inputs:
        (found,) = inputs.describe()
    assert (found.format, found.encoding) == ("CSV", "utf-8 with a byte order mark")
    assert found.size_bytes == len(content.encode())
    assert (found.columns, found.text_column, found.id_column) == (("key", "Body", "when"), "Body", "key")


@pytest.mark.parametrize(
    ("header", "row", "text"),
    [
        ("text,body", "a b,c d", "a b"),
        ("subject,BODY", "a b,c d", "c d"),
        (" Message ,subject", "a b,c d", "a b"),
        ("ticket,description", "T-100,the fan is loud", "the fan is loud"),
        ("nr,complaint,when", "1,the fan is loud,2024-05-01 10:00", "the fan is loud"),
        ("nr,beschwerde", "1,kaputt", "kaputt"),
        ("nr,शिकायत", "1,स्क्रीन काली है और चालू नहीं होती", "स्क्रीन काली है और चालू नहीं होती"),
    ],
)
def test_the_text_column_is_known_by_name_or_is_the_only_textual_one(tmp_path, header, row, text):
    assert texts(read(write(tmp_path, "a.csv", f"{header}\n{row}\n"))) == [text]


def test_columns_asked_for_are_used_whatever_the_letter_case(tmp_path):
    path = write(tmp_path, "a.csv", "text,Notes,Ref\nwrong,right,R1\n")
    (row,) = read(path, text_column="notes", id_column="REF")
    assert (row.text, row.external_id, row.columns) == ("right", "R1", {"text": "wrong"})


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_without_a_telling_column_the_refusal_names_the_columns_and_the_cure(tmp_path, name):
    rows = [{"subject": "printer on fire", "details": "it burns since noon"}]
    csv_text = "subject,details\nprinter on fire,it burns since noon\n"
    path = write(tmp_path, name, csv_text if name == "a.csv" else json.dumps(rows[0]))
    with pytest.raises(InputRefused, match=r"--text-column NAME. Columns: subject, details"):
        open_inputs([path], Settings())


@pytest.mark.parametrize(("given", "option"), [({"text_column": "x"}, "--text-column"), ({"id_column": "x"}, "--id-")])
def test_a_column_asked_for_in_vain_is_refused_with_the_columns_there_are(tmp_path, given, option):
    path = write(tmp_path, "a.csv", "id,text\n1,hello there\n")
    with pytest.raises(InputRefused, match=rf'no column "x"; correct {option}.*Columns: id, text'):
        open_inputs([path], Settings(**given))


def test_one_bad_row_of_five_hundred_is_one_failure_with_its_line(tmp_path):
    """D38: one bad item rejects 499 good ones. Ours: 499 tickets and one refused row."""
    items = [{"text": f"ticket {n}"} for n in range(500)]
    items[249] = {"text": "   "}
    path = write(tmp_path, "a.jsonl", "".join(json.dumps(item) + "\n" for item in items))
    rows = read(path)
    assert len(texts(rows)) == 499
    (bad,) = (row for row in rows if isinstance(row, RefusedRow))
    assert (bad.position, bad.message) == (250, f'{path}:250: no text in column "text"')


def test_a_refused_row_keeps_its_id_and_columns(tmp_path):
    (_, bad) = read(write(tmp_path, "a.csv", "id,text,team\n1,fine,red\n2, ,blue\n"))
    assert (bad.code, bad.external_id, bad.columns) == (Code.INPUT, "2", {"team": "blue"})


def test_a_long_text_is_cut_in_its_middle_and_flagged(tmp_path):
    (row,) = read(write(tmp_path, "a.txt", "a" * 900 + "b" * 900), max_ticket_chars=100)
    assert row.truncated
    assert len(row.text) <= 100
    assert row.text.startswith("aaaa")
    assert row.text.endswith("bbbb")
    assert "characters cut" in row.text


def test_with_cutting_switched_off_a_long_text_stays_whole(tmp_path):
    (row,) = read(write(tmp_path, "a.txt", "a" * 9000), max_ticket_chars=0)
    assert (row.text, row.truncated) == ("a" * 9000, False)


@given(st.text(min_size=2, max_size=300), st.integers(1, 299))
def test_a_cut_text_never_exceeds_its_limit(text, limit):
    if len(text) > limit:
        assert len(cut_middle(text, limit)) <= limit
