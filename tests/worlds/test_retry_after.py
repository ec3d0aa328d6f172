"""P9: in two hundred worlds no request leaves before the instant that a 429 named, in whatever form it named it."""

import math
import random
from dataclasses import replace
from email.utils import formatdate

import pytest

from forge_tui.core.job import JobState
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from session_builders import in_a_world, texts

DAY_S = 86_400.0
# What a server writes for a wait of `s` seconds when its clock says `wall`; a date has whole seconds.
NAMED = {
    "whole seconds": lambda s, wall: ("retry-after", f"{math.ceil(s)}"),
    "a fraction": lambda s, wall: ("retry-after", f"{s:.3f}"),
    "milliseconds": lambda s, wall: ("retry-after-ms", f"{math.ceil(s * 1000)}"),
    "a unit": lambda s, wall: ("retry-after", f"{math.ceil(s)}s"),
    "a date": lambda s, wall: ("retry-after", formatdate(math.ceil(wall + s), usegmt=True)),
    "Unix seconds": lambda s, wall: ("retry-after", f"{math.ceil(wall + s)}"),
}
NO_WAIT = {
    "a date in the past": lambda s, wall: ("retry-after", formatdate(wall - s, usegmt=True)),
    "a word": lambda s, wall: ("retry-after", "soon"),
    "nothing": lambda s, wall: ("retry-after", ""),
    "less than nothing": lambda s, wall: ("retry-after", f"-{s:.0f}"),
    "no number": lambda s, wall: ("retry-after", "nan"),
    "for ever": lambda s, wall: ("retry-after", "1e308"),
    "more than a day": lambda s, wall: ("retry-after", f"{DAY_S + s:.0f}"),
}
FORMS = NAMED | NO_WAIT


class Limiting(SimulatedProvider):
    """Refuses some requests, each time with another word for how long to wait."""

    def __init__(self, sim, rng):
        super().__init__(parse_options(sim))
        self._rng = rng
        self.named = 0

    def accept(self, request, now, wall):
        exchange = super().accept(request, now, wall)
        if getattr(exchange, "status", None) != 429:
            return exchange
        form = self._rng.choice(list(FORMS))
        wait_s = self._rng.choice(
            (self._rng.uniform(0.3, 20), self._rng.uniform(20, 110), self._rng.uniform(130, 4_000))
        )
        name, value = FORMS[form](wait_s, wall + exchange.delay_s)
        kept = [pair for pair in exchange.headers if pair[0] not in {"retry-after", "retry-after-ms"}]
        self.named += form in NAMED
        return replace(exchange, headers=(*kept, (name, value)), hold_s=wait_s if form in NAMED else None)


def held(seed):
    """How many of the waits of one world were named, and how many requests left inside one."""
    rng = random.Random(f"{seed}:waits")
    sim = f"latency={rng.choice((0.05, 0.4))},rate_limit_rate={rng.uniform(0.02, 0.15):.2f},seed={seed}"
    provider = Limiting(sim, rng)

    async def story(w):
        return await w.run(texts(60)), w.snapshot

    state, shot = in_a_world(story, service=provider, seed=seed, limit_s=1e7, concurrency=rng.choice((1, 3, 10, 20)))
    assert (state, shot.done) == (JobState.FINISHED, 60)
    return provider.named, provider.stats.sends_in_hold


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_nothing_leaves_inside_a_wait_that_was_named(first):
    named, early = map(sum, zip(*map(held, range(first, first + 20)), strict=True))
    assert named >= 20
    assert early == 0
