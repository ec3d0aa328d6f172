"""Tickets and batches for tests: name what matters, the rest is ordinary."""

from forge_tui.core.ticket import Batch, Complexity, QueuedTicket


def a_ticket(position=1, complexity=Complexity.SIMPLE, *, tokens=10, text="the screen is black", **given):
    return QueuedTicket(position=position, text=text, complexity=complexity, tokens=tokens, **given)


def tickets(count, complexity=Complexity.SIMPLE, *, start=1, **given):
    return [a_ticket(position, complexity, **given) for position in range(start, start + count)]


def a_batch(members, number=1):
    return Batch(number=number, complexity=members[0].complexity, tickets=tuple(members))
