"""Every setting does something (D27: one of the original's had no effect): its usual value and another, side by side."""

import random
import re
from pathlib import Path

import pytest

from forge_tui.core.breaker import BreakerState
from forge_tui.core.event import BatchSent, BatchSettled, JobPlanned
from forge_tui.core.outcome import Usage
from forge_tui.core.ticket import Complexity
from forge_tui.pipeline.assembly import batcher_for
from forge_tui.pipeline.gates import Gates, retry_rules
from forge_tui.provider.presets import resolve
from forge_tui.resilience.circuit_breaker import Refused
from forge_tui.resilience.retry import backoff_s
from forge_tui.settings import Settings
from resilience_builders import answer
from session_builders import in_a_world, texts
from ticket_builders import tickets

SIMPLE, MEDIUM, COMPLEX = Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX
BY_COUNT_ALONE = {"breaker_share": 0, "breaker_in_a_row": 0}


def of_sarvam(given):
    settings = Settings(provider="sarvam", **given)
    return settings, resolve(settings, has_key=True)


# -- what each setting is watched by: settings in, what they do out ------------------------------------------------------


def cost_of_a_million(given):
    price = of_sarvam(given)[1].price
    return price.currency, price.cost(Usage(1_000_000, 0, cached_tokens=1_000_000)), price.as_of


def caps(given):
    batcher = batcher_for(*of_sarvam(given))
    return [batcher.cap(complexity) for complexity in (SIMPLE, MEDIUM, COMPLEX)]


def company(tokens):
    return lambda given: len(batcher_for(*of_sarvam(given)).form(tickets(20, tokens=tokens), 20))


def waits(given):
    rules = retry_rules(Settings(**given))
    return [round(backoff_s(n, rules, random.Random(1)), 2) for n in (1, 2, 9)]


def breaker(given):
    return Gates(*of_sarvam(given), random.Random(1)).breaker


def opens_after(*, every_s=1.0, good=0, pattern=(False,)):
    """How many failures open the breaker, of at most thirty: `good` successes first, then `pattern` again and again."""

    def observe(given):
        watched, failures, now = breaker(given), 0, 0.0
        for ok in (True,) * good + tuple(pattern) * 30:
            answer(watched, now, ok=ok)
            failures += not ok
            if watched.state is BreakerState.OPEN:
                return failures
            now += every_s
        return None

    return observe


def open_times(given):
    """Seconds that the breaker stays open at first and after each of five failed probes."""
    watched, now, times = breaker(given), 0.0, []
    while watched.state is not BreakerState.OPEN:
        answer(watched, now, ok=False)
    for _ in range(6):
        refused = watched.admit(now)
        assert isinstance(refused, Refused)
        times.append(refused.retry_at - now)
        now = refused.retry_at
        answer(watched, now, ok=False)
    return times


def classes_in_turn(given):
    async def story(world):
        await world.run(texts(30, mix=(1, 0, 1)))
        return [event.complexity for event in world.of(BatchSent)][:10].count(SIMPLE)

    return in_a_world(story, sim="latency=0.1", concurrency=1, **given)


def requests_of_two_runs(given):
    async def story(world):
        await world.run(texts(5))
        await world.clock.sleep(3600)
        await world.run(texts(5), "again.txt")
        return world.stats.requests

    return in_a_world(story, sim="latency=0.1", **given)


def seconds_foreseen(given):
    async def story(world):
        await world.prepare(texts(100))
        return world.of(JobPlanned)[0].estimated_seconds

    return in_a_world(story, **given)


def silent_for(given):
    """After how many answers the ETA first says something."""

    async def story(world):
        told = []
        world.session.bus.subscribe(
            lambda event: told.append(world.snapshot.eta is not None) if isinstance(event, BatchSettled) else None
        )
        await world.run(texts(40))
        return told.index(True) + 1

    return in_a_world(story, sim="latency=1", concurrency=1, **given)


EFFECTS = [
    ("price_currency", {"price_currency": "EUR", "price_usd_rate": 0.9}, cost_of_a_million, "EUR"),
    ("price_cached_input_per_million", {"price_cached_input_per_million": 7.5}, cost_of_a_million, 7.5),
    ("price_as_of", {"price_as_of": "2027-01-01"}, cost_of_a_million, "2027-01-01"),
    ("batch_cap_simple", {"batch_cap_simple": 7}, caps, [7, 10, 5]),
    ("batch_cap_medium", {"batch_cap_medium": 7}, caps, [20, 7, 5]),
    ("batch_cap_complex", {"batch_cap_complex": 7}, caps, [20, 10, 7]),
    ("batch_output_tokens", {"batch_output_tokens": 350}, caps, [5, 5, 5]),
    ("batch_prompt_tokens", {"batch_prompt_tokens": 2500}, company(500), 4),
    ("alone_over_tokens", {"alone_over_tokens": 400}, company(500), 1),
    ("backoff_base_s", {"backoff_base_s": 4.0, "backoff_jitter": 0}, waits, [4.0, 8.0, 60.0]),
    ("backoff_cap_s", {"backoff_cap_s": 1.5, "backoff_jitter": 0}, waits, [1.0, 1.5, 1.5]),
    ("backoff_jitter", {"backoff_jitter": 0}, waits, [1.0, 2.0, 60.0]),
    ("breaker_enabled", {"breaker_enabled": False}, opens_after(), None),
    ("breaker_failures", {**BY_COUNT_ALONE, "breaker_failures": 8}, opens_after(), 8),
    ("breaker_window_s", {**BY_COUNT_ALONE, "breaker_window_s": 8}, opens_after(every_s=3), None),
    ("breaker_share", {"breaker_share": 0.9}, opens_after(pattern=(True, False)), None),
    ("breaker_share_of_last", {"breaker_share_of_last": 4, "breaker_in_a_row": 0}, opens_after(good=20), 5),
    ("breaker_in_a_row", {"breaker_in_a_row": 3}, opens_after(every_s=60), 3),
    ("breaker_open_s", {"breaker_open_s": 10.0}, open_times, [10, 20, 40, 80, 160, 300]),
    ("breaker_open_factor", {"breaker_open_factor": 1.0}, open_times, [30, 30, 30, 30, 30, 30]),
    ("breaker_open_max_s", {"breaker_open_max_s": 50.0}, open_times, [30, 50, 50, 50, 50, 50]),
    ("fair_every_batches", {"fair_every_batches": 2}, classes_in_turn, 5),
    ("cache_ttl_s", {"cache_ttl_s": 1800}, requests_of_two_runs, 10),
    ("default_latency_s", {"default_latency_s": 12.0}, seconds_foreseen, 120.0),
    ("eta_after_tickets", {"eta_after_tickets": 3}, silent_for, 3),
]


@pytest.mark.parametrize(("name", "given", "observe", "effect"), EFFECTS, ids=[case[0] for case in EFFECTS])
def test_a_setting_has_its_effect(name, given, observe, effect):
    """D27: and its usual value another one, all else equal."""
    usual, seen = observe({other: value for other, value in given.items() if other != name}), observe(given)
    assert seen == effect or effect in seen
    assert usual != seen


def test_no_setting_is_without_a_test():
    """D27: each is named by some test; whoever adds one tests what it does."""
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("*.py"))
    assert [name for name in Settings.model_fields if not re.search(rf"\b{name}\b", tests)] == []
