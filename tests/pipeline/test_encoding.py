"""Files in many encodings; a record that does not decode is refused alone."""

import codecs

import pytest

from forge_tui.core.ticket import RefusedRow
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.settings import Settings
from input_files import read, refused, texts, write

FRENCH = ["L'écran reste noir après la mise à jour", "La facture est erronée, 5 € de trop", "Déjà redémarré à midi"]
RUSSIAN = ["Принтер не работает", "Счёт неверный", "Экран чёрный после обновления"]
JAPANESE = ["プリンターが動きません。助けてください。", "請求書の金額が間違っています。", "昨日からログインできません"]
HINDI = ["स्क्रीन काली है", "मेरा ਊ पैसा वापस करें", "लॉगिन नहीं हो रहा है"]

BY_CODEC = [
    ("utf-8", FRENCH + HINDI + JAPANESE),
    ("utf-8-sig", FRENCH + HINDI),
    ("utf-16", FRENCH + HINDI + JAPANESE),
    ("utf-16-le", FRENCH),
    ("utf-16-be", FRENCH),
    ("utf-32", HINDI),
    ("cp1252", FRENCH),
    ("cp1251", RUSSIAN),
    ("cp932", JAPANESE),
]


@pytest.mark.parametrize(("codec", "tickets"), BY_CODEC)
@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_tickets_are_read_in_the_encoding_they_were_written_in(tmp_path, codec, tickets, name):
    lines = ["text", *(f'"{ticket}"' for ticket in tickets)] if name == "a.csv" else tickets
    path = write(tmp_path, name, "".join(f"{line}\r\n" for line in lines).encode(codec))
    assert texts(read(path)) == tickets


@pytest.mark.parametrize("size", range(65_530, 65_542))
def test_a_long_line_cut_by_the_sample_is_still_utf_8(tmp_path, size):
    content = '["' + "a" * (size - 20) + "€" * 30 + '", "zwölf"]'
    assert texts(read(write(tmp_path, "a.json", content), max_ticket_chars=200_000))[1:] == ["zwölf"]


def test_the_encoding_is_judged_where_the_first_other_character_stands(tmp_path):
    content = "The screen is black\n" * 10_000 + "".join(f"{line}\n" for line in FRENCH)
    assert texts(read(write(tmp_path, "a.txt", content.encode("cp1252"))))[-3:] == FRENCH


@pytest.mark.parametrize(
    ("name", "before", "bad", "after"),
    [
        ("a.csv", b"id,text\n1,caf\xc3\xa9\n", b"2,caf\xe9 noir\n", b"3,fine\n"),
        ("a.jsonl", '"dé"\n"café"\n'.encode(), b'{"text": "caf\xe9"}\n', b'"fine"\n'),
        ("a.txt", "dé\ncafé\n".encode(), b"caf\xe9 noir\n", b"fine\n"),
        ("a.json", '["dé", "café",\n'.encode(), b'{"text": "caf\xe9"},\n', b'"fine"]\n'),
    ],
)
def test_a_record_that_does_not_decode_is_refused_alone(tmp_path, name, before, bad, after):
    rows = read(write(tmp_path, name, before + bad + after))
    assert texts(rows)[-2:] == ["café", "fine"]
    (row,) = (row for row in rows if isinstance(row, RefusedRow))
    assert str(row.code) == "E-ENC"
    assert row.text.startswith("caf\ufffd") or "caf\ufffd" in row.text


def test_an_undecodable_row_says_which_byte_it_is_and_keeps_its_id(tmp_path):
    path = write(tmp_path, "a.csv", codecs.BOM_UTF8 + b"id,text\nA-1,fine\nA-2,caf\xe9 noir\n")
    bad = read(path)[-1]
    assert bad.message == f"{path}:3: byte 0xE9 at position 8 is not utf-8"
    assert bad.external_id == "A-2"


def test_bytes_a_code_page_does_not_know_cost_their_row_alone(tmp_path):
    lines = [*(line.encode("cp1252") for line in FRENCH * 4), b"noir\x81\x8d"]
    rows = read(write(tmp_path, "a.txt", b"\n".join(lines)))
    assert texts(rows) == FRENCH * 4
    assert refused(rows) == [(13, "E-ENC")]


def test_a_broken_half_of_utf_16_costs_a_character_and_no_row(tmp_path):
    content = codecs.BOM_UTF16_LE + "one\nt".encode("utf-16-le") + b"\x00\xd8" + "wo\nthree".encode("utf-16-le") + b"!"
    assert texts(read(write(tmp_path, "a.txt", content))) == ["one", "t\ufffdwo", "three\ufffd"]


def test_the_preview_names_the_encoding(tmp_path):
    with open_inputs([write(tmp_path, "a.txt", "\n".join(FRENCH).encode("cp1252"))], Settings()) as inputs:
        assert inputs.describe()[0].encoding == "cp1252"
