"""P25: of five hundred hostile tickets, on every screen of a real terminal, no escape sequence of theirs comes through."""

import itertools
import json
import re

from terminal_builders import Terminal

ROWS = 500
# What a terminal would obey. Each is unlike anything that the screen itself writes.
OBEYED = (
    *(
        "\x1b]0;owned\x07",
        "\x1b]2;owned\x1b\\",
        "\x1b]52;c;b3duZWQ=\x07",
        "\x1b]8;;http://owned\x1b\\",
        "\x1b]1337;owned\x07",
    ),
    *(
        "\x1b[2J",
        "\x1b[3J",
        "\x1b[1;1H",
        "\x1b[31m",
        "\x1b[5;31;43m",
        "\x1b[8m",
        "\x1b[?1049l",
        "\x1b[?1003l",
        "\x1b[6n",
    ),
    *(
        "\x1b[c",
        "\x1b[21t",
        "\x1b[>0q",
        "\x1b[4h",
        "\x1b[20l",
        "\x1b[99S",
        "\x1b[1000B",
        "\x1b[!p",
        "\x1bc",
        "\x1b7",
        "\x1b#8",
    ),
    *(
        "\x1bPq owned\x1b\\",
        "\x1b_owned\x1b\\",
        "\x1b^owned\x1b\\",
        "\x1bXowned\x1b\\",
        "\x9b31m",
        "\x9d0;owned\x9c",
        "\x90q\x9c",
    ),
    *("\x07", "\x08\x08\x08", "\x0b", "\x0c", "\x0e", "\x0f", "\x05", "\x7f", "\x85", "\x84", "\x88"),
    *("\u202e", "\u202d", "\u2066", "\u2067", "\u200e", "\u200f", "\u061c", "\u2028", "\u200b", "\U000e0041"),
)
MARKUP = ("[/]", "[@click=app.quit]x[/]", "[link=file:///etc/passwd]x[/link]", "[red on blue]", "[/b", "$accent", "\\[")
CONTROL = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_].*?\x1b\\|\x1b.|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]"
    rb"|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xf3\xa0[\x80-\x81].",
    re.DOTALL,
)


def rows_of(orders, markups):
    """Texts that begin with their number; each fifth is refused by the provider."""
    made = itertools.cycle(itertools.product(markups, orders))
    for number, (markup, order) in zip(range(ROWS), made, strict=False):
        refused = "REFUSED " if number % 5 == 0 else ""
        yield f"{refused}h{number:03} {order} screen {markup}{order} stays black {order}"


def seen_of(folder, rows, file="tickets.jsonl"):
    """All that the console writes while every list, ticket and dialog is shown."""
    folder.mkdir()
    (folder / file).write_text("".join(json.dumps({"id": row, "text": row}) + "\n" for row in rows), "utf-8")
    sim = "latency=0.01,poison=REFUSED:rejected"
    console = Terminal(folder, file, "--provider", "simulated", "--sim", sim, "--db", "forge.db", columns=120, lines=40)
    try:
        console.until(b"Run with")
        console.until(b"to send")
        console.type("\r")
        console.until(b"job.exported")
        walk(console)
        console.type("q")
        assert console.end() == 0
    finally:
        console.close()
    return console.seen


def walk(console):
    def press(keys, shown):
        before = len(console.seen)
        console.type(keys)
        console.until(shown, before)

    press("4", b"h001 ")
    while f"h{ROWS - 1} ".encode() not in console.seen:
        console.type("\x1b[6~")
        console.settle()
    press("\r", b" of 400")
    for row in range(399, 385, -1):
        press("k", f" {row} of 400".encode())
    press("\x1b", b"h499")
    press("3", b"T-000001")
    press("\r", b" 1 of 100")
    for row in range(2, 16):
        press("j", f" {row} of 100".encode())
    press("\x1b", b"T-0000")
    for keys in ("c", "\x1b", "e", "\x1b", "R", "\x1b", "o", "\x1b", "5", "2", "?", "\x1b", "K", "\x1b", "1"):
        console.type(keys)
        console.settle()


def kinds(seen):
    """Every sequence that a terminal obeys; of the screen's own, colours and places may differ."""
    own = re.compile(rb"\x1b\[[\d;]*[mH]")
    return {b"colour or place" if own.fullmatch(found) else found for found in CONTROL.findall(seen)}


def test_no_sequence_of_five_hundred_hostile_tickets_reaches_the_terminal(tmp_path):
    foreign = [order.encode() for order in OBEYED]
    calm = seen_of(tmp_path / "calm", rows_of(["plain"], ["words"]))
    seen = seen_of(tmp_path / "hostile", rows_of(OBEYED, MARKUP))
    shown = {int(number) for number in re.findall(rb"h(\d{3}) ", seen)}
    assert len(shown) > 0.8 * ROWS
    assert kinds(seen) - kinds(calm) == set()
    assert [order for order in foreign if order in seen and order not in calm] == []
    assert b"[@click=app.quit]x[/]" in seen  # what is markup elsewhere is text here
