"""The settle stage: what one request's outcome means for each ticket aboard; pure, recorded by the engine in one transaction.

valid answer                     → done
fault of the service             → waiting; an attempt burns only if the service works for others; a batch that
                                   meets it again rides in half the company
limit, halt, own pool            → back in line, nobody pays
unusable answer, in company      → back in line in half the company, nobody pays
unusable answer, alone           → waiting with a hint; limit doubled or text cut once; failed at the last attempt
check of an earlier answer       → the same ways; the ticket is done on disk and stays so, it only ends as checked
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from forge_tui.core.failure import RULES, Burn, Code
from forge_tui.core.outcome import Answer, AnswerFault, CallFault, Classification
from forge_tui.core.settlement import (
    CheckedTicket,
    DoneTicket,
    FailedTicket,
    LedgerEntry,
    RequeuedTicket,
    Settlement,
    WaitingTicket,
)
from forge_tui.core.text import cut_middle
from forge_tui.core.ticket import Batch, QueuedTicket
from forge_tui.provider.prompt import REPAIR_NOTE, max_tokens_for
from forge_tui.resilience.retry import AskSmaller, Attempts, GiveUp, RetryRules, TryAgain, judge, works_for_others


@dataclass(frozen=True, slots=True)
class SettleRules:
    """What settling reads of the settings."""

    retry: RetryRules
    max_output_tokens: int
    cut_too_long: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """When and in what company of successes the outcome came: `successes` counts the job's answered requests."""

    wall: float
    successes: int


@dataclass(slots=True)
class Settling:
    """What becomes of each ticket: on disk, and in memory (`again` now, `later` after so many seconds)."""

    done: list[DoneTicket] = field(default_factory=list)
    waiting: list[WaitingTicket] = field(default_factory=list)
    requeued: list[RequeuedTicket] = field(default_factory=list)
    failed: list[FailedTicket] = field(default_factory=list)
    checked: list[CheckedTicket] = field(default_factory=list)
    again: list[QueuedTicket] = field(default_factory=list)
    later: list[tuple[float, QueuedTicket]] = field(default_factory=list)

    def settlement(self, job_id: int, entry: LedgerEntry) -> Settlement:
        """The transaction."""
        return Settlement(
            job_id,
            entry,
            tuple(self.done),
            tuple(self.waiting),
            tuple(self.requeued),
            tuple(self.failed),
            tuple(self.checked),
        )


@dataclass(frozen=True, slots=True)
class _Share:
    tokens: int
    cost: float


class Settler:
    """Judges outcomes; holds only rules and the random source of jitter."""

    def __init__(self, rules: SettleRules, rng: random.Random) -> None:
        self._rules = rules
        self._rng = rng

    def answered(self, batch: Batch, answers: Mapping[int, Answer], entry: LedgerEntry, now: Moment) -> Settling:
        """A reply came: valid rows are kept, only the others are asked again, in half the company."""
        faulty = sum(isinstance(answer, AnswerFault) for answer in answers.values())
        request = self._request(now, company=min(faulty, len(batch.tickets) // 2))
        for ticket, share in zip(batch.tickets, share_out(batch.tickets, entry), strict=True):
            match answers[ticket.position]:
                case Classification() as classification if ticket.check_of is None:
                    request.settling.done.append(_done(ticket, classification, share))
                case Classification() as classification:
                    request.settling.checked.append(_checked(ticket, classification, share))
                case AnswerFault(code=code, message=message):
                    fault = CallFault(code, message, entry.latency_ms / 1000, entry.http_status, entry.request_id)
                    request.judge(ticket, fault, share)
        return request.settling

    def faulted(self, batch: Batch, fault: CallFault, entry: LedgerEntry, now: Moment) -> Settling:
        """No reply came: every ticket aboard shares the request's fate."""
        request = self._request(now, company=len(batch.tickets) // 2)
        for ticket, share in zip(batch.tickets, share_out(batch.tickets, entry), strict=True):
            request.judge(ticket, fault, share)
        return request.settling

    def _request(self, now: Moment, *, company: int) -> "_Request":
        return _Request(self._rules, now, company, jitter_seed=self._rng.getrandbits(64))


class _Request:
    """One request's faults judged ticket by ticket; `company` is the next batch's size, 0 for a ticket that was alone."""

    def __init__(self, rules: SettleRules, now: Moment, company: int, *, jitter_seed: int) -> None:
        self._rules = rules
        self._now = now
        self._company = company
        self._jitter_seed = jitter_seed
        self.settling = Settling()

    def judge(self, ticket: QueuedTicket, fault: CallFault, share: _Share) -> None:
        if RULES[fault.code].burn is Burn.NOBODY and fault.code is not Code.RATE:
            self._back_in_line(ticket, share)
            return
        changed = self._changed(ticket, fault.code)
        decision = judge(
            fault,
            Attempts(ticket.ticket_attempts, ticket.service_attempts),
            alone=self._company == 0,
            service_works_for_others=works_for_others(self._now.successes, ticket.successes_seen),
            can_change=changed is not None,
            # Tickets that rode together wait equally long, or a batch would come back as single requests.
            rng=random.Random(self._jitter_seed),
            rules=self._rules.retry,
        )
        match decision:
            case AskSmaller():
                self._back_in_line(replace(ticket, company=self._company, note=_hint(fault)), share)
            case GiveUp(attempts=attempts):
                self._fail(_with(ticket, attempts), fault, share)
            case TryAgain(delay_s=delay_s, attempts=attempts, smaller=smaller):
                again = self._prepared(_with(changed or ticket, attempts), fault)
                self._wait(replace(again, company=self._company) if smaller else again, fault, share, delay_s)

    def _prepared(self, ticket: QueuedTicket, fault: CallFault) -> QueuedTicket:
        match RULES[fault.code].burn:
            case Burn.SERVICE:
                return replace(ticket, successes_seen=self._now.successes)
            case Burn.TICKET:
                return replace(ticket, company=1, note=_hint(fault))
            case Burn.NOBODY:
                return ticket

    def _changed(self, ticket: QueuedTicket, code: Code) -> QueuedTicket | None:
        """The ticket with its answer's limit doubled or its text cut, once; None where that was done or is no cure."""
        if code is Code.LENGTH and ticket.output_tokens is None:
            limit = self._rules.max_output_tokens
            return replace(ticket, output_tokens=min(2 * max_tokens_for(1, limit), limit))
        if code is Code.TOO_LONG and self._rules.cut_too_long and not ticket.truncated:
            text = cut_middle(ticket.text, len(ticket.text) // 2)
            return replace(ticket, text=text, tokens=ticket.tokens // 2, truncated=True)
        return None

    def _back_in_line(self, ticket: QueuedTicket, share: _Share) -> None:
        self.settling.again.append(ticket)
        self.settling.requeued.append(
            RequeuedTicket(
                ticket.position, ticket.epoch, ticket.ticket_attempts, ticket.service_attempts, share.tokens, share.cost
            )
        )

    def _wait(self, ticket: QueuedTicket, fault: CallFault, share: _Share, delay_s: float) -> None:
        self.settling.later.append((delay_s, ticket))
        self.settling.waiting.append(
            WaitingTicket(
                ticket.position,
                ticket.epoch,
                self._now.wall + delay_s,
                fault.code,
                fault.message,
                ticket.ticket_attempts,
                ticket.service_attempts,
                share.tokens,
                share.cost,
            )
        )

    def _fail(self, ticket: QueuedTicket, fault: CallFault, share: _Share) -> None:
        if ticket.check_of is not None:
            self.settling.checked.append(_checked(ticket, None, share))
            return
        self.settling.failed.append(
            FailedTicket(
                ticket.position,
                ticket.epoch,
                fault.code,
                fault.message,
                fault.http_status,
                fault.request_id,
                ticket.ticket_attempts,
                ticket.service_attempts,
                share.tokens,
                share.cost,
            )
        )


def share_out(tickets: Sequence[QueuedTicket], entry: LedgerEntry) -> list[_Share]:
    """The request's tokens and cost by the length of each ticket's text; tokens sum exactly (largest remainders)."""
    weights = [max(1, len(ticket.text)) for ticket in tickets]
    whole = sum(weights)
    total = entry.usage.total_tokens
    exact = [total * weight / whole for weight in weights]
    tokens = [int(part) for part in exact]
    by_remainder = sorted(range(len(tickets)), key=lambda i: (tokens[i] - exact[i], i))
    for i in by_remainder[: total - sum(tokens)]:
        tokens[i] += 1
    return [_Share(t, entry.cost * w / whole) for t, w in zip(tokens, weights, strict=True)]


def _with(ticket: QueuedTicket, attempts: Attempts) -> QueuedTicket:
    return replace(ticket, ticket_attempts=attempts.ticket, service_attempts=attempts.service)


def _hint(fault: CallFault) -> str | None:
    return REPAIR_NOTE if fault.code in {Code.JSON, Code.SCHEMA} else None


def _done(ticket: QueuedTicket, classification: Classification, share: _Share) -> DoneTicket:
    if ticket.truncated:
        classification = replace(classification, flags=(*classification.flags, "cut"))
    attempts = ticket.ticket_attempts + 1
    return DoneTicket(
        ticket.position, ticket.epoch, classification, share.tokens, share.cost, attempts, ticket.service_attempts
    )


def _checked(ticket: QueuedTicket, alone: Classification | None, share: _Share) -> CheckedTicket:
    if ticket.check_of is None:
        raise AssertionError("only a ticket that was answered before is checked")
    return CheckedTicket(ticket.position, ticket.complexity, ticket.check_of, alone, share.tokens, share.cost)
