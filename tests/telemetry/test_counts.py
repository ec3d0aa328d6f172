"""The counts add up after every event, whatever an engine may publish."""

from hypothesis import given, settings
from hypothesis import strategies as st

from event_builders import COMPLEX, MEDIUM, SIMPLE, World, opened, sent, settled, ticket_failed
from forge_tui.core.event import TicketsRetried
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts
from forge_tui.telemetry.fold import Accumulator
from forge_tui.telemetry.live import LiveViews


def frozen(*events):
    accumulator = Accumulator()
    for event in events:
        accumulator.apply(event)
    return accumulator.freeze(LiveViews(), 1002.0, 2.0)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_after_every_prefix_the_counts_add_up_to_the_total(data):
    """D26: done + failed + waiting and the rest make the total after every event."""
    world = World(lambda least, most: data.draw(st.integers(least, most)))
    world.start()
    for _ in range(data.draw(st.integers(0, 25))):
        world.step()
    accumulator = Accumulator()
    for event in world.events:
        accumulator.apply(event)
        shot = accumulator.freeze(LiveViews(), world.at, world.at)
        spread = (shot.queued, shot.in_flight, shot.waiting, shot.twins, shot.done, shot.failed, shot.cancelled)
        assert sum(spread) == shot.total
        assert min(spread) >= 0
        assert shot.from_model + shot.from_cache + shot.from_twin == shot.done
    assert shot.queued == sum(world.queued.values())
    assert shot.waiting == sum(world.waiting.values())
    assert sum(view.requests_in_flight for view in shot.classes) == len(world.flights)


def test_a_batch_goes_out_and_comes_home_in_parts():
    shot = frozen(
        opened({MEDIUM: 30}),
        sent(10, MEDIUM),
        settled(6, MEDIUM, waiting=2, requeued=1, failed=1, code=Code.SCHEMA),
        ticket_failed(MEDIUM),
    )
    view = shot.of_class(MEDIUM)
    assert (view.queued, view.in_flight, view.waiting, view.done, view.failed) == (21, 0, 2, 6, 1)
    assert (shot.done, shot.failed) == (6, 1)


def test_failed_tickets_stay_in_flight_until_their_own_event_names_them():
    shot = frozen(opened(), sent(3), settled(1, failed=2))
    assert (shot.in_flight, shot.failed, shot.of_class(SIMPLE).requests_in_flight) == (2, 0, 0)


def test_followers_end_with_their_leader_and_belong_to_no_class():
    counts = JobCounts(total=6, queued=2, twins=4)
    shot = frozen(
        opened({COMPLEX: 2}, counts=counts),
        sent(2, COMPLEX),
        settled(1, COMPLEX, failed=1, twins_done=3),
        ticket_failed(COMPLEX, twins=1),
    )
    assert (shot.done, shot.from_twin, shot.failed, shot.twins) == (4, 3, 2, 0)
    assert (shot.of_class(COMPLEX).done, shot.of_class(COMPLEX).failed) == (1, 1)


def test_a_job_whose_tickets_all_failed_has_them_all_finished():
    """D26: a job whose tickets all failed is complete, not at zero."""
    accumulator = Accumulator()
    for event in [opened({SIMPLE: 2}), sent(2), settled(0, failed=2), ticket_failed(), ticket_failed()]:
        accumulator.apply(event)
    assert (accumulator.progress().completed, accumulator.progress().total) == (2, 2)


def test_one_ticket_is_one_lookup_and_one_hit_at_most():
    """D24: 50 hits among 100 tickets are 50 %, not a third; a row without text was never looked up."""
    counts = JobCounts(total=103, queued=50, done=50, failed=3, from_cache=50, refused=3, lookups=100)
    shot = frozen(opened({SIMPLE: 50}, counts=counts))
    assert (shot.from_cache, shot.lookups) == (50, 100)


def test_a_retry_takes_its_tickets_out_of_the_failure_codes():
    counts = JobCounts(total=5, failed=5)
    codes = {Code.SERVER: 3, Code.SCHEMA: 2}
    shot = frozen(
        opened({}, counts=counts, failed={SIMPLE: 5}, failed_codes=codes),
        TicketsRetried(1001.0, 42, SIMPLE, from_failed=3, from_cancelled=0, twins=1, codes={Code.SERVER: 3}),
    )
    assert shot.failure_codes == (("E-SCHEMA", 2),)
    assert (shot.queued, shot.twins, shot.failed) == (2, 1, 2)


def test_failure_codes_stand_most_frequent_first():
    shot = frozen(
        opened({SIMPLE: 9}),
        sent(3),
        settled(0, failed=3),
        ticket_failed(code=Code.SCHEMA),
        ticket_failed(code=Code.FILTER),
        ticket_failed(code=Code.FILTER, twins=0),
    )
    assert shot.failure_codes == (("E-FILTER", 2), ("E-SCHEMA", 1))


def test_a_resumed_job_says_what_was_done_before_and_what_is_asked_again():
    counts = JobCounts(total=700, queued=76, waiting=12, done=612)
    shot = frozen(opened({SIMPLE: 76}, waiting={SIMPLE: 12}, counts=counts, resumed=True))
    assert (shot.done_before, shot.asked_again) == (612, 12)
