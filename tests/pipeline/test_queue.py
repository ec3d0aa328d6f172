"""The queue: order, fairness and the delay heap."""

from hypothesis import given, settings
from hypothesis import strategies as st

from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity
from forge_tui.pipeline.queue import TicketQueue
from ticket_builders import a_ticket, tickets

SIMPLE, MEDIUM, COMPLEX = Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX


def head(count):
    def form(line):
        chosen = []
        for ticket in line:
            chosen.append(ticket)
            if len(chosen) == count:
                break
        return tuple(chosen)

    return form


def send_one(queue):
    """Let the next class send one ticket; answers its class and position."""
    complexity = queue.next_class()
    (ticket,) = queue.take(complexity, head(1))
    queue.served(complexity)
    return complexity, ticket.position


def test_the_most_complex_ticket_goes_first():
    queue = TicketQueue(fair_every=0)
    queue.add([a_ticket(1, SIMPLE), a_ticket(2, MEDIUM), a_ticket(3, COMPLEX)])
    assert [send_one(queue)[1] for _ in range(3)] == [3, 2, 1]


def test_a_class_leaves_in_input_order():
    """D11: equal priorities are first in, first out."""
    queue = TicketQueue(fair_every=0)
    queue.add(reversed(tickets(20)))
    assert [send_one(queue)[1] for _ in range(20)] == list(range(1, 21))


def test_what_is_drawn_but_not_chosen_keeps_its_place():
    queue = TicketQueue(fair_every=0)
    queue.add(tickets(5))

    def look_at_three_take_one(line):
        first, _, _ = next(line), next(line), next(line)
        return (first,)

    assert [t.position for t in queue.take(SIMPLE, look_at_three_take_one)] == [1]
    assert [t.position for t in queue.take(SIMPLE, head(4))] == [2, 3, 4, 5]


def test_every_tenth_batch_goes_to_the_class_served_longest_ago():
    queue = TicketQueue(fair_every=10)
    queue.add(tickets(40, COMPLEX))
    queue.add(tickets(5, SIMPLE, start=100))
    queue.add(tickets(5, MEDIUM, start=200))
    order = [send_one(queue)[0] for _ in range(40)]
    assert [n for n, complexity in enumerate(order, 1) if complexity is not COMPLEX] == [10, 20, 30, 40]
    assert {order[9], order[19]} == {SIMPLE, MEDIUM}


class Model:
    """Works out anew each time whose turn it is, from all that ever happened."""

    def __init__(self):
        self.ready = []  # (position, class)
        self.delayed = []  # (due, position, class)
        self.sent = []  # classes, in order

    def turn(self):
        standing = [c for c in MOST_COMPLEX_FIRST if any(found is c for _, found in self.ready)]
        if not standing:
            return None
        tenth = len(self.sent) % 10 == 9
        complexity = max(standing, key=self.batches_since) if tenth else standing[0]
        return complexity, min(position for position, found in self.ready if found is complexity)

    def batches_since(self, complexity):
        return next((n for n, sent in enumerate(reversed(self.sent)) if sent is complexity), len(self.sent))

    def send(self):
        complexity, position = self.turn()
        self.ready.remove((position, complexity))
        self.sent.append(complexity)
        return complexity, position

    def release(self, now):
        self.ready += [(position, complexity) for due, position, complexity in self.delayed if due <= now]
        self.delayed = [entry for entry in self.delayed if entry[0] > now]


classes = st.sampled_from(MOST_COMPLEX_FIRST)
happenings = st.one_of(
    st.tuples(st.just("arrive"), st.lists(classes, min_size=1, max_size=30)),
    st.tuples(st.just("fail"), st.sampled_from([0.5, 2.0, 60.0])),
    st.tuples(st.just("send"), st.integers(1, 40)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 30.0])),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(happenings, max_size=12))
def test_the_highest_class_goes_first_and_no_waiting_class_is_passed_over_for_more_than_twenty_batches(story):
    """P13, D11: whatever arrives, fails and comes back meanwhile, as a model that keeps the whole history says."""
    queue, model, now, last = TicketQueue(fair_every=10), Model(), 0.0, 0
    passed_over = dict.fromkeys(MOST_COMPLEX_FIRST, 0)
    for what, how in story:
        if what == "arrive":
            queue.add(a_ticket(position, complexity) for position, complexity in enumerate(how, last + 1))
            model.ready += enumerate(how, last + 1)
            last += len(how)
        elif what == "wait":
            now += how
            queue.release_due(now)
            model.release(now)
        elif what == "fail" and model.turn():
            complexity, position = model.send()
            assert send_one(queue) == (complexity, position)
            queue.postpone(a_ticket(position, complexity), now + how)
            model.delayed.append((now + how, position, complexity))
        for _ in range(how if what == "send" else 0):
            if not model.turn():
                break
            complexity, position = model.send()
            assert send_one(queue) == (complexity, position)
            for other in MOST_COMPLEX_FIRST:
                passed_over[other] = 0 if other is complexity or not queue.ready(other) else passed_over[other] + 1
            assert max(passed_over.values()) <= 20
    assert len(queue) == len(model.ready)


def test_a_postponed_ticket_returns_at_its_instant_and_to_its_own_place():
    queue = TicketQueue(fair_every=0)
    queue.add(tickets(2, start=2))
    queue.postpone(a_ticket(1), due=5.0)
    assert queue.next_due == 5.0
    assert queue.release_due(4.9) == []
    assert [t.position for t in queue.release_due(5.0)] == [1]
    assert send_one(queue)[1] == 1
    assert queue.next_due is None


def test_waiting_tickets_are_counted_by_class():
    queue = TicketQueue(fair_every=0)
    queue.postpone(a_ticket(1, MEDIUM), due=1.0)
    queue.postpone(a_ticket(2, SIMPLE), due=2.0)
    assert (queue.waiting(MEDIUM), queue.waiting(SIMPLE), len(queue)) == (1, 1, 0)
    queue.release_due(1.5)
    assert (queue.waiting(MEDIUM), queue.waiting(SIMPLE), len(queue)) == (0, 1, 1)


def test_the_probe_is_the_cheapest_ticket_and_then_the_one_with_most_twins():
    queue = TicketQueue(fair_every=0)
    queue.add([a_ticket(1, COMPLEX, tokens=200), a_ticket(2, tokens=5), a_ticket(3, tokens=5, twins=4)])
    assert queue.take_cheapest().position == 3
    assert sorted(send_one(queue)[1] for _ in range(2)) == [1, 2]


def test_an_empty_queue_has_no_next_class():
    assert TicketQueue(fair_every=10).next_class() is None
