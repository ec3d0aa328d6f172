"""The event bus: in order, and out of the engine's way."""

from event_builders import opened, sent
from forge_tui.core.event import Notice
from forge_tui.telemetry.bus import EventBus
from forge_tui.telemetry.fold import Accumulator
from forge_tui.telemetry.live import LiveViews


def test_an_event_is_folded_before_anybody_hears_of_it():
    bus = EventBus(Accumulator())
    seen = []
    bus.subscribe(lambda event: seen.append((event, bus.accumulator.freeze(LiveViews(), 1.0, 1.0).total)))
    bus.publish(opened())
    assert seen == [(opened(), 100)]


def test_a_failing_subscriber_is_dropped_with_a_notice_and_harms_nobody():
    bus = EventBus(Accumulator())
    heard, failures = [], []

    def broken(event):
        failures.append(event)
        raise OSError("disk full")

    bus.subscribe(broken)
    bus.subscribe(heard.append)
    bus.publish(opened())
    bus.publish(sent())
    notice = Notice(1000.0, 42, "warn", "broken stopped listening: OSError: disk full")
    assert heard == [opened(), notice, sent()]
    assert failures == [opened()]


def test_what_a_subscriber_publishes_comes_after_the_event_for_everybody():
    bus = EventBus(Accumulator())
    first, last = [], []

    def echo(event):
        first.append(event)
        if event == opened():
            bus.publish(sent())

    bus.subscribe(echo)
    bus.subscribe(last.append)
    bus.publish(opened())
    assert first == last == [opened(), sent()]


def test_a_failing_method_is_named_by_its_object():
    class Listener:
        def hear(self, event):
            raise ValueError("no")

    bus = EventBus(Accumulator())
    heard = []
    bus.subscribe(Listener().hear)
    bus.subscribe(heard.append)
    bus.publish(opened())
    assert heard[-1].text == "Listener stopped listening: ValueError: no"
