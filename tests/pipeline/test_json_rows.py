"""JSON and JSON Lines as they are found: broken items, bombs, cut files; what stands around an item stays readable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.errors import InputRefused
from forge_tui.core.ticket import RefusedRow
from input_files import read, refused, texts, write

DEEP = "[" * 100_000

BAD_ITEMS = {
    "null": "null",
    "a number": "7",
    "a list": '["fine"]',
    "blank text": '{"text": " \\n "}',
    "empty string": '""',
    "no text column": '{"subject": "x"}',
    "a number for a text": '{"text": 7}',
    "true for a text": '{"text": true}',
    "null for a text": '{"text": null}',
    "NaN for a text": '{"text": NaN}',
    "an object for a text": '{"text": {"text": "x"}}',
    "nested 200 deep": '{"text": "x", "more": ' + "[" * 200 + "]" * 200 + "}",
    "nested 100,000 deep": '{"text": "x", "more": ' + DEEP + "]" * 100_000 + "}",
    "a missing comma": '{"text": "x" "n": 1}',
    "a raw tab in a string": '{"text": "a\tb"}',
    "a bare word": "nonsense",
    "over a mebibyte": json.dumps({"text": "x" * (1 << 20)}),
}


@pytest.mark.parametrize("item", BAD_ITEMS)
def test_a_bad_line_of_json_lines_costs_itself_alone(tmp_path, item):
    rows = read(write(tmp_path, "a.jsonl", f'{{"text": "one"}}\n{BAD_ITEMS[item]}\n{{"text": "two"}}\n'))
    assert (texts(rows), refused(rows)) == (["one", "two"], [(2, "E-INPUT")])


@pytest.mark.parametrize("item", BAD_ITEMS)
@pytest.mark.parametrize(
    "around", ['[{"text": "one"},\n%s,\n{"text": "two"}]', '{"tickets": [{"text": "one"},\n%s,\n"two"]}']
)
def test_a_bad_item_of_a_json_list_costs_itself_alone(tmp_path, item, around):
    rows = read(write(tmp_path, "a.json", around.replace("%s", BAD_ITEMS[item])))
    assert (texts(rows), refused(rows)) == (["one", "two"], [(2, "E-INPUT")])


UNBALANCED = {
    "a string left open": '{"text": "x},',
    "a bracket left open": '{"text": "x", "more": [1, 2},',
    "an object left open": '{"text": "x",',
    "a bracket too many": '{"text": "x"}},',
}


@pytest.mark.parametrize("item", UNBALANCED)
@pytest.mark.parametrize("indent", ["", "  "])
def test_after_an_unbalanced_item_the_next_line_that_begins_like_one_is_read(tmp_path, item, indent):
    lines = ['{"text": "one"},', UNBALANCED[item], '{"text": "two"},', '{"text": "three"}']
    rows = read(write(tmp_path, "a.json", "[\n" + "".join(f"{indent}{line}\n" for line in lines) + "]"))
    assert [text for text in texts(rows) if text != "x"] == ["one", "two", "three"]
    assert refused(rows) == [(3, "E-INPUT")]


TOLERATED = {
    "NaN in a column": ('{"text": "x", "n": NaN}', None),
    "infinity in a column": ('{"text": "x", "n": -Infinity}', None),
    "a number too large for a float": ('{"text": "x", "n": 1e999}', "1e999"),
    "an integer beyond 64 bits": ('{"text": "x", "n": 99999999999999999999}', 99999999999999999999),
    "an integer of 5,000 digits": ('{"text": "x", "n": ' + "9" * 5000 + "}", "9" * 5000),
    "a key twice": ('{"text": "y", "n": 1, "text": "x", "n": 2}', 2),
    "lone surrogates": (r'{"text": "x", "n": {"\ud800": ["\udfff"]}}', {"\ufffd": ["\ufffd"]}),
    "an escaped NUL": (r'{"text": "x", "n": "a\u0000b"}', "a\ufffdb"),
    "a surrogate pair": (r'{"text": "x", "n": "\ud83d\ude00"}', "\U0001f600"),
}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("oddity", TOLERATED)
def test_an_oddity_in_a_column_costs_no_ticket_and_stays_storable(tmp_path, name, oddity):
    source, kept = TOLERATED[oddity]
    (row,) = read(write(tmp_path, name, f"[{source}]" if name == "a.json" else source))
    assert (row.text, row.columns) == ("x", {"n": kept})
    json.dumps(row.columns, allow_nan=False).encode()


def test_a_lone_surrogate_in_the_text_is_replaced(tmp_path):
    assert texts(read(write(tmp_path, "a.json", r'["a \ud800 b"]'))) == ["a \ufffd b"]


@pytest.mark.parametrize(
    "content", ['["one", "two"', '["one", "two",', '["one", "two", "thr', '["one", "two", {"text": "x']
)
def test_a_file_cut_in_its_list_says_so_in_one_row(tmp_path, content):
    rows = read(write(tmp_path, "a.json", content))
    assert texts(rows) == ["one", "two"]
    (cut,) = (row for row in rows if isinstance(row, RefusedRow))
    assert "rows may be missing" in cut.message


def test_what_follows_the_list_is_named_and_not_read(tmp_path):
    rows = read(write(tmp_path, "a.json", '["one"]\n["two"]'))
    assert (texts(rows), refused(rows)) == (["one"], [(2, "E-INPUT")])


def test_missing_and_doubled_commas_are_forgiven(tmp_path):
    assert texts(read(write(tmp_path, "a.json", '["one" "two",, "three",]'))) == ["one", "two", "three"]


def test_other_line_separators_do_not_cut_a_json_line(tmp_path):
    text = "a\u2028b\u0085c\x1c"
    assert texts(read(write(tmp_path, "a.jsonl", json.dumps(text, ensure_ascii=False).replace("\x1c", "\\u001c")))) == [
        text
    ]


@pytest.mark.parametrize("name", ["bomb.json", "bomb.jsonl"])
def test_a_depth_bomb_alone_is_one_refused_row(tmp_path, name):
    assert len(refused(read(write(tmp_path, name, DEEP)))) == 1


def test_the_line_of_an_item_is_where_it_begins(tmp_path):
    items = [{"text": f"ticket {n}", "pad": "x" * 3000} for n in range(60)]
    rows = read(write(tmp_path, "a.json", json.dumps({"tickets": items}, indent=1)))
    assert [row.origin.line for row in rows] == [3 + 4 * n for n in range(60)]


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
items = st.fixed_dictionaries(
    {"text": st.text(min_size=1).filter(str.strip)},
    optional={"n": values, "id": st.integers()},
)


@given(st.lists(items, min_size=1, max_size=8), st.booleans(), st.sampled_from(["a.jsonl", "a.json", "b.json"]))
def test_what_the_json_writer_wrote_is_read_back_exactly(tmp_path_factory, tickets, ensure_ascii, name):
    def dump(value, **how):
        return json.dumps(value, ensure_ascii=ensure_ascii, **how).replace("\\u0000", "\\u0001")

    wanted = json.loads(dump(tickets))
    content = {
        "a.jsonl": "".join(dump(ticket) + "\n" for ticket in tickets),
        "a.json": dump(tickets, indent=2),
        "b.json": dump({"from": ["x"], "tickets": tickets}),
    }[name]
    rows = read(write(tmp_path_factory.mktemp("json"), name, content), max_ticket_chars=100_000)
    assert [{"text": row.text, **row.columns} for row in rows] == [
        {key: value for key, value in ticket.items() if key != "id"} for ticket in wanted
    ]
    assert [row.external_id for row in rows] == [str(ticket["id"]) if "id" in ticket else None for ticket in wanted]


@given(
    st.lists(
        st.sampled_from(
            ['{"text": "é\\\\\\""}', ",", '"a"', "{", "}", "[", "]", '"', "\\", "\n", " ", "12.5", "9" * 700, "tru"]
        ),
        max_size=25,
    ),
    st.integers(1, 9),
)
def test_where_the_file_is_cut_into_chunks_changes_no_row(tmp_path_factory, pieces, chunk_bytes):
    path = write(tmp_path_factory.mktemp("json"), "a.json", "[" + "".join(pieces))

    def outcome():
        try:
            return [(row.position, row.origin.line, row.text) for row in read(path)]
        except InputRefused as refusal:
            return str(refusal)

    whole = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forge_tui.pipeline.readers.json_window._CHUNK_BYTES", chunk_bytes)
        assert [row[:2] for row in outcome()] == [row[:2] for row in whole]
