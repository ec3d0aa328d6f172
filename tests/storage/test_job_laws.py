"""Whatever is loaded, settled, cancelled and retried in whatever order: no row is lost, no twin is left behind."""

import asyncio
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from forge_tui.core.clock import SystemClock
from forge_tui.core.job import JobState
from forge_tui.core.outcome import Usage
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity, TicketState
from forge_tui.storage.database import Database
from forge_tui.storage.job_store import JobStore
from store_builders import (
    DAY_S,
    NOW,
    a_refusal,
    a_row,
    a_settlement,
    a_spec,
    add_rows,
    all_rows,
    an_entry,
    done,
    failed,
    requeued,
    waiting,
)

OPEN = {TicketState.QUEUED, TicketState.WAITING}
OUTCOMES = {"done": done, "waiting": waiting, "requeued": requeued, "failed": failed}
COMPLEXITY_OF = {"a": Complexity.SIMPLE, "b": Complexity.MEDIUM, "c": Complexity.COMPLEX, "d": Complexity.SIMPLE}


class JobLaws(RuleBasedStateMachine):
    """One job against a list of what was put in; requests in flight come home late, stale or never."""

    in_flight = Bundle("in_flight")

    @initialize(use_cache=st.booleans())
    def open(self, use_cache):
        self.runner = asyncio.Runner()
        self.database = self.runner.run(Database.open(None, clock=SystemClock()))
        self.store = JobStore(self.database)
        self.job_id = self.runner.run(self.store.create_job(a_spec(), NOW))
        self.texts = []
        self.ttl_s = DAY_S if use_cache else None

    @rule(texts=st.lists(st.sampled_from("aabcd!"), min_size=1, max_size=6), again=st.booleans())
    def load(self, texts, again):
        """'!' is a refused row; an ingest that begins again brings rows that are stored already."""
        first = 1 if again else len(self.texts) + 1
        known = self.texts if again else []
        chunk = list(enumerate([*known, *texts], start=first))
        tickets = [a_row(n, text, COMPLEXITY_OF[text]) for n, text in chunk if text != "!"]
        refused = [a_refusal(n) for n, text in chunk if text == "!"]
        self.runner.run(add_rows(self.store, self.job_id, tickets, refused, now=NOW, ttl_s=self.ttl_s))
        self.texts += texts

    @rule(target=in_flight, size=st.integers(1, 4))
    def send(self, size):
        for complexity in MOST_COMPLEX_FIRST:
            if batch := self.runner.run(self.store.next_queued(self.job_id, complexity, 0, size)):
                return [(ticket.position, ticket.epoch) for ticket in batch]
        return multiple()

    @rule(target=in_flight)
    def send_waiting(self):
        due = self.runner.run(self.store.waiting(self.job_id, NOW))
        return [(ticket.position, ticket.epoch) for _, ticket in due] or multiple()

    @rule(batch=consumes(in_flight), kinds=st.lists(st.sampled_from(sorted(OUTCOMES)), min_size=1))
    def settle(self, batch, kinds):
        outcomes = [OUTCOMES[kinds[n % len(kinds)]](position, epoch=epoch) for n, (position, epoch) in enumerate(batch)]
        spent = sum(outcome.tokens for outcome in outcomes)
        entry = an_entry(*(position for position, _ in batch), usage=Usage(spent, 0))
        before = self._counts()
        settled = self.runner.run(self.store.record(a_settlement(self.job_id, *outcomes, entry=entry), NOW))
        after = self._counts()
        assert before.twins - after.twins == sum(settled.twins_done.values()) + sum(settled.twins_failed.values())
        assert after.from_twin - before.from_twin == sum(settled.twins_done.values())

    @rule()
    def cancel(self):
        before = self._counts()
        cancelled = self.runner.run(self.store.cancel(self.job_id, NOW))
        moved = sum(count.queued + count.waiting + count.twins for count in cancelled.values())
        assert self._counts().cancelled == before.cancelled + moved

    @rule(chosen=st.none() | st.lists(st.integers(1, 12)))
    def retry(self, chosen):
        before = self._counts()
        retried = self.runner.run(self.store.retry(self.job_id, chosen, now=NOW, ttl_s=self.ttl_s)).values()
        after = self._counts()
        assert before.failed - after.failed == sum(count.from_failed for count in retried)
        assert before.cancelled - after.cancelled == sum(count.from_cancelled for count in retried)
        assert after.twins - before.twins == sum(count.twins for count in retried)
        assert after.from_cache - before.from_cache == sum(count.known_to_cache for count in retried)
        assert after.from_twin - before.from_twin == sum(count.known_to_twin for count in retried)

    @rule()
    def refresh(self):
        if self.ttl_s is not None:
            before = self._counts()
            answered = self.runner.run(self.store.refresh_from_cache(self.job_id, NOW, self.ttl_s))
            assert self._counts().done == before.done + answered

    def _counts(self):
        return self.runner.run(self.store.job(self.job_id)).counts

    @invariant()
    def every_row_is_there_once_in_order_and_counted(self):
        stored, job = self._stored(), self.runner.run(self.store.job(self.job_id))
        assert [row.position for row in stored] == list(range(1, len(self.texts) + 1))
        assert [row.text or "!" for row in stored] == self.texts
        states = Counter(row.state for row in stored)
        counts = job.counts
        assert (counts.total, counts.open) == (len(stored), states[TicketState.QUEUED] + states[TicketState.WAITING])
        assert counts.total == counts.open + counts.done + counts.failed + counts.cancelled
        assert (counts.done, counts.failed) == (states[TicketState.DONE], states[TicketState.FAILED])
        assert counts.refused == self.texts.count("!")

    @invariant()
    def rows_sum_to_the_ledger(self):
        job = self.runner.run(self.store.job(self.job_id))
        assert sum(row.tokens for row in self._stored()) == job.tokens

    @invariant()
    def an_open_follower_has_an_open_leader_with_its_text(self):
        stored = {row.position: row for row in self._stored()}
        for row in stored.values():
            if row.state is TicketState.QUEUED and row.leader is not None:
                leader = stored[row.leader]
                assert leader.text == row.text
                assert leader.state in OPEN
                assert leader.leader is None

    @invariant()
    def of_one_text_at_most_one_open_ticket_leads(self):
        leads = Counter(row.text for row in self._stored() if row.state in OPEN and row.leader is None)
        assert all(count == 1 for count in leads.values())

    def _stored(self):
        return self.runner.run(all_rows(self.store, self.job_id))

    def teardown(self):
        """Let everything that can still be sent be answered: then the job finishes and every row has ended."""
        try:
            while batch := [*self._open_leaders()]:
                outcomes = [done(position, epoch=epoch) for position, epoch in batch]
                self.runner.run(self.store.record(a_settlement(self.job_id, *outcomes), NOW))
            assert self.runner.run(self.store.finish(self.job_id, NOW)) in {
                JobState.FINISHED,
                JobState.FINISHED_WITH_FAILURES,
                JobState.CANCELLED,
            }
        finally:
            self.runner.run(self.database.close())
            self.runner.close()

    def _open_leaders(self):
        for complexity in MOST_COMPLEX_FIRST:
            for ticket in self.runner.run(self.store.next_queued(self.job_id, complexity, 0, 100)):
                yield ticket.position, ticket.epoch
        for _, ticket in self.runner.run(self.store.waiting(self.job_id, NOW)):
            yield ticket.position, ticket.epoch


TestJobLaws = JobLaws.TestCase
TestJobLaws.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
