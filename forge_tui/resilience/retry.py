"""Retry: what a fault costs a ticket, and whether and when it is asked again.

    a fault of the service   burns a service attempt, but only if the API works for others (rule S); in company it burns
                             the first one and halves the company from the second on
    a fault of the ticket    burns a ticket attempt if it was alone; in company it burns nobody and halves the company
    a rate limit, ours       burns nothing

Rule S keeps an outage from using up the attempts of whatever happens to be in flight: of 70 restarts in the middle of
one, naive counting left failed tickets in 12, the rule in none.
"""

import random
from dataclasses import dataclass, replace

from forge_tui.core.failure import RULES, Burn, Code
from forge_tui.core.outcome import AnswerFault, CallFault

# The same request would bring the same refusal, and nothing in it can be changed.
_FINAL_ALONE = frozenset({Code.REQUEST, Code.FILTER, Code.BUG})
# Worth another attempt only with a shorter text or a higher output limit.
_NEEDS_CHANGE = frozenset({Code.TOO_LONG, Code.LENGTH})


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How many attempts a ticket has against each kind of fault, and the wait before the next one in seconds."""

    max_ticket_attempts: int
    max_service_attempts: int
    base_s: float
    cap_s: float
    jitter: float


@dataclass(frozen=True, slots=True)
class Attempts:
    """What a ticket has burned so far."""

    ticket: int = 0
    service: int = 0


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Into the delay heap for `delay_s` seconds; `smaller`: to ride in half the company then."""

    delay_s: float
    attempts: Attempts
    smaller: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The ticket ends failed, with the code of this fault."""

    attempts: Attempts


@dataclass(frozen=True, slots=True)
class AskSmaller:
    """Back to the queue at once, to ride in half the company; nothing is burned."""


Decision = TryAgain | GiveUp | AskSmaller


def judge(
    fault: CallFault | AnswerFault,
    attempts: Attempts,
    *,
    alone: bool,
    service_works_for_others: bool,
    can_change: bool,
    rng: random.Random,
    rules: RetryRules,
) -> Decision:
    """What becomes of one ticket after `fault`, for a fault that does not stop the whole job.

    `alone` says it was the only ticket of its request; `can_change` that its text can still be cut (E-TOOLONG) or
    its output limit raised (E-LENGTH), which then must be done before it is asked again.
    """
    smaller = False
    match RULES[fault.code].burn:
        case Burn.TICKET if not alone:
            return AskSmaller()
        case Burn.TICKET:
            burned, number = replace(attempts, ticket=attempts.ticket + 1), attempts.ticket + 1
            hopeless = fault.code in _FINAL_ALONE or (fault.code in _NEEDS_CHANGE and not can_change)
            over = hopeless or number >= rules.max_ticket_attempts
        case Burn.SERVICE if service_works_for_others and not _never_connected(fault):
            # Of a batch that fails again and again nobody knows which ticket is to blame: halving finds it.
            number = attempts.service + 1 if alone else max(1, attempts.service)
            smaller = not alone and attempts.service > 0
            burned = replace(attempts, service=number)
            over = alone and number >= rules.max_service_attempts
        case _:
            burned, number, over = attempts, max(1, attempts.service), False
    if over:
        return GiveUp(burned)
    return TryAgain(max(backoff_s(number, rules, rng), _retry_after_s(fault)), burned, smaller)


def works_for_others(successes: int, successes_seen: int) -> bool:
    """Rule S: whether any call succeeded since a ticket's last service fault (or at all, before its first).

    `successes` counts the job's now, `successes_seen` those at that fault, -1 if there was none.
    """
    return successes > max(0, successes_seen)


def backoff_s(attempt_number: int, rules: RetryRules, rng: random.Random) -> float:
    """Seconds to wait after the nth attempt, from 1: base x 2^(n-1), with jitter, never above the cap."""
    doublings = min(attempt_number - 1, 64)
    return min(rules.cap_s, rules.base_s * 2.0**doublings * rng.uniform(1.0 - rules.jitter, 1.0 + rules.jitter))


def _retry_after_s(fault: CallFault | AnswerFault) -> float:
    return (fault.retry_after_s or 0.0) if isinstance(fault, CallFault) else 0.0


def _never_connected(fault: CallFault | AnswerFault) -> bool:
    return isinstance(fault, CallFault) and fault.never_connected
