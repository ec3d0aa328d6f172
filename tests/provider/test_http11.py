"""HTTP/1.1 read from bytes: the same answer however it is cut, an error for whatever is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.provider.http11 import MOST_HEAD_BYTES, AnswerReader, BadAnswer, BadRequest, request_bytes

BODY = b'{"results":[]}'
WHOLE = {
    "by its length": b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nX-Request-Id: r-1\r\n\r\n" + BODY,
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;name=v\r\n"
    + BODY[:5]
    + b"\r\n9\r\n"
    + BODY[5:]
    + b"\r\n0\r\nTrailer: x\r\n\r\n",
    "after an early hint": b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n"
    + BODY,
    "until it closes": b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n" + BODY,
    "until it closes, HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "with two lengths that agree": b"HTTP/1.1 200\r\ncontent-length: 14\r\nContent-Length: 14\r\n\r\n" + BODY,
}


def read(*parts, closed=False):
    reader = AnswerReader()
    for part in parts:
        reader.feed(part)
    if closed:
        reader.end()
    return reader


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
@given(data=st.data())
def test_an_answer_is_the_same_wherever_the_network_cuts_it(answer, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=8)))
    parts = [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    reader = read(*parts, closed=True)
    assert reader.complete
    assert (reader.head.status, reader.take_body()) == (200, BODY)


@pytest.mark.parametrize(
    ("answer", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: keep-alive, Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: Keep-Alive\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nmore than was asked for", False),
    ],
)
def test_a_connection_is_used_again_only_when_the_server_keeps_it_and_said_no_more(answer, reusable):
    assert read(answer).reusable is reusable


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 99 Too low\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nspace before : colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0x10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nwide\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nlong\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * (MOST_HEAD_BYTES // 5),
    ],
)
def test_what_is_no_answer_is_refused_and_not_guessed_at(answer):
    with pytest.raises(BadAnswer):
        read(answer)


@pytest.mark.parametrize("answer", [WHOLE["by its length"], WHOLE["in chunks"], WHOLE["after an early hint"]])
@given(data=st.data())
def test_an_answer_broken_off_before_its_end_is_never_taken_for_a_whole_one(answer, data):
    reader = read(answer[: data.draw(st.integers(0, len(answer) - 1))])
    with pytest.raises(BadAnswer):
        reader.end()
    assert not reader.complete


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_end_in_an_answer_or_in_one_kind_of_error(noise, with_a_status_line):
    answer = b"HTTP/1.1 200 OK\r\n" * with_a_status_line + noise
    try:
        reader = read(answer, closed=True)
    except BadAnswer:
        return
    assert reader.complete


def test_a_request_is_one_head_and_its_body():
    sent = request_bytes("POST", b"/v1/chat/completions", [(b"Host", b"h"), (b"Content-Length", b"2")], b"{}")
    assert sent == b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("value", [b"key\r\nX-Admin: 1", b"key\n", b"key\r", b"k\0y"])
def test_a_header_that_would_leave_its_line_is_not_sent_and_not_repeated(value):
    with pytest.raises(BadRequest) as refused:
        request_bytes("POST", b"/", [(b"Authorization", value)], b"")
    assert "key" not in str(refused.value)
