"""Orders: a held one waits, goes at once, or is taken back; a reply answers its command once."""

from forge_tui.console.orders import HOLD_S, Orders
from forge_tui.core.snapshot import CommandReply


def held():
    given = []
    orders = Orders()
    orders.hold("Cancel", lambda: given.append("cancel"), now=100.0)
    return orders, given


def test_a_held_order_is_given_when_its_time_is_over():
    orders, given = held()
    orders.give_due(100.0 + HOLD_S - 0.1)
    assert given == []
    orders.give_due(100.0 + HOLD_S)
    assert given == ["cancel"]
    assert orders.held is None


def test_an_undone_order_is_never_given():
    orders, given = held()
    assert orders.undo() == "Cancel"
    orders.give_due(1000.0)
    assert given == []
    assert orders.undo() is None


def test_enter_gives_a_held_order_once():
    orders, given = held()
    assert orders.give_now()
    assert not orders.give_now()
    assert given == ["cancel"]


def test_a_second_held_order_sends_the_first_on_its_way():
    orders, given = held()
    orders.hold("Retry 3", lambda: given.append("retry"), now=101.0)
    assert given == ["cancel"]
    assert orders.held.words == "Retry 3"


def test_a_reply_answers_its_command_once():
    orders = Orders()
    orders.sent(7, "Pausing")
    replies = [CommandReply(7, "Pause", True, "paused"), CommandReply(8, "Resume", True, "of another screen")]
    assert orders.pending == ("Pausing",)
    assert [reply.command_id for reply in orders.answered(replies)] == [7]
    assert orders.answered(replies) == []
    assert orders.pending == ()
