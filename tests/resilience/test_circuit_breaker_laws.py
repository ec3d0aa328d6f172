"""The breaker against a small model that keeps the whole history and works everything out anew each time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.breaker import BreakerState
from forge_tui.resilience.circuit_breaker import CircuitBreaker, Permit
from resilience_builders import breaker_rules

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


class Model:
    """A permit here is the era it was given in: a list that is replaced, never changed, when the state changes."""

    def __init__(self, rules):
        self.rules = rules
        self.failed_probes = 0
        self.until = None
        self.enter(CLOSED)

    def enter(self, state):
        self.state, self.era, self.results, self.probe_sent = state, [], [], None

    def clock(self, now):
        if self.state is OPEN and now >= self.until:
            self.enter(HALF_OPEN)

    def open_s(self):
        return min(self.rules.open_s * self.rules.open_factor**self.failed_probes, self.rules.open_max_s)

    def open(self, now):
        self.enter(OPEN)
        self.until = now + self.open_s()

    def close(self):
        self.failed_probes = 0
        self.enter(CLOSED)

    def admit(self, now):
        self.clock(now)
        if self.state is CLOSED:
            return self.era
        if self.state is OPEN:
            return None
        if self.probe_sent is not None:
            if now < self.probe_sent + self.rules.attempt_max_s + self.open_s():
                return None
            self.enter(HALF_OPEN)
        self.probe_sent = now
        return self.era

    def verdict(self, era, name, now):
        if era is not self.era:
            return
        if self.state is HALF_OPEN:
            if name in {"succeeded", "alive"}:
                self.close()
            elif name == "failed":
                self.failed_probes += 1
                self.open(now)
            else:
                self.probe_sent = None
        elif name in {"succeeded", "failed"}:
            self.results.append((now, name == "failed"))
            if name == "failed" and self.enough(now):
                self.open(now)

    def enough(self, now):
        failed = [bad for _, bad in self.results]
        recent = sum(bad and now - at <= self.rules.window_s for at, bad in self.results)
        last = failed[-self.rules.share_of_last :]
        row = failed[::-1].index(False) if False in failed else len(failed)
        by_count = recent >= self.rules.failures and sum(last) >= self.rules.share * len(last)
        return by_count or (self.rules.in_a_row and row >= self.rules.in_a_row)


def give_verdict(breaker, permit, name, now):
    if name == "alive":
        breaker.neutral(permit, now, alive=True)
    elif name == "rate limited":
        breaker.neutral(permit, now, alive=False)
    elif name == "abandoned":
        breaker.abandoned(permit)
    else:
        getattr(breaker, name)(permit, now)


verdicts = st.sampled_from(["failed"] * 4 + ["succeeded"] * 2 + ["alive", "rate limited", "abandoned"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.just(0)),
        st.tuples(st.just("answer"), st.tuples(st.integers(0, 30), verdicts)),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 3.0, 10.0, 29.0, 31.0, 150.0, 400.0])),
        st.tuples(st.sampled_from(["trip", "reset"]), st.just(0)),
    ),
    max_size=120,
)
some_rules = st.builds(
    breaker_rules,
    failures=st.integers(1, 5),
    share=st.sampled_from([0.0, 0.3, 0.5]),
    share_of_last=st.integers(1, 8),
    in_a_row=st.sampled_from([0, 2, 5]),
    open_factor=st.sampled_from([1.0, 2.0]),
)


@given(some_rules, steps)
def test_it_does_what_the_model_does(rules, history):
    breaker, model, now, out = CircuitBreaker(rules), Model(rules), 0.0, []
    for step, given_ in history:
        if step == "send":
            leave, era = breaker.admit(now), model.admit(now)
            assert isinstance(leave, Permit) == (era is not None)
            if isinstance(leave, Permit):
                out.append((leave, era))
        elif step == "answer" and out:
            (permit, era), name = out.pop(given_[0] % len(out)), given_[1]
            give_verdict(breaker, permit, name, now)
            model.verdict(era, name, now)
        elif step == "wait":
            now += given_
            breaker.tick(now)
            model.clock(now)
        elif step == "trip":
            breaker.trip(now)
            if model.state is not OPEN:
                model.open(now)
        elif step == "reset":
            breaker.reset(now)
            if model.state is CLOSED:
                model.results = []
            else:
                model.close()
        assert breaker.state is model.state
        assert breaker.next_probe_at == (model.until if model.state is OPEN else None)


@given(some_rules, steps)
def test_transitions_are_exactly_the_changes_of_state(rules, history):
    breaker, now, out, shown = CircuitBreaker(rules), 0.0, [], CLOSED
    for step, given_ in history:
        if step == "send" and isinstance(leave := breaker.admit(now), Permit):
            out.append(leave)
        elif step == "answer" and out:
            give_verdict(breaker, out.pop(given_[0] % len(out)), given_[1], now)
        elif step == "wait":
            now += given_
        elif step in {"trip", "reset"}:
            getattr(breaker, step)(now)
        for transition in breaker.take_transitions():
            assert transition.state is not shown
            assert transition.reason
            shown = transition.state
        assert breaker.state is shown


@given(some_rules, st.lists(st.sampled_from([0.0, 1.0, 30.0, 60.0, 120.0]), max_size=30))
def test_while_half_open_two_probes_are_never_out_together(rules, waits):
    breaker, now = CircuitBreaker(rules), 0.0
    breaker.trip(now)
    sent = []
    for wait in waits:
        now += wait
        if isinstance(breaker.admit(now), Permit):
            sent.append(now)
    assert all(later - earlier >= rules.attempt_max_s for earlier, later in pairwise(sent))
