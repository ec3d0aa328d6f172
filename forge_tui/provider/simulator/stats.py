"""What the simulated provider saw: the figures that tests and `GET /__sim/stats` judge a client by."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from forge_tui.provider.simulator.wire import NoReply, SimReply


@dataclass(slots=True)
class Stats:
    """Counts of one provider's life; instants are seconds of the provider's monotonic clock.

    A send inside a hold is one that left before the wait of a reply delivered earlier was over; a send after
    a halt is one that came after a reply which forbids any more (bad key, no credit).
    """

    statuses: Counter[int] = field(default_factory=Counter)
    silences: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    bodies: Counter[bytes] = field(default_factory=Counter)
    ticket_calls: Counter[bytes] = field(default_factory=Counter)
    sends: "array[float]" = field(default_factory=lambda: array("d"))
    in_flight: int = 0
    max_in_flight: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    sends_in_hold: int = 0
    sends_after_halt: int = 0
    hold_until: float = 0.0
    halted_at: float | None = None

    @property
    def requests(self) -> int:
        return len(self.sends)

    @property
    def duplicate_bodies(self) -> int:
        """Requests whose body had been sent before, byte for byte."""
        return sum(self.bodies.values()) - len(self.bodies)

    def most_in(self, window_s: float) -> int:
        """The most requests that arrived in any `window_s` seconds, its end not included."""
        most = first = 0
        for last, at in enumerate(self.sends):
            while self.sends[first] <= at - window_s:
                first += 1
            most = max(most, last - first + 1)
        return most

    def completed(self, texts: Iterable[str], prompt_tokens: int, completion_tokens: int) -> None:
        """Count a completion that was paid for, and its tickets."""
        self.ticket_calls.update(_ticket_key(text) for text in texts)
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens

    def calls_of(self, text: str) -> int:
        """How many completions were paid for that had this ticket aboard."""
        return self.ticket_calls[_ticket_key(text)]

    def arrived(self, now: float, digest: bytes) -> int:
        """Count a chat request in; how many times this body has been sent, with this one."""
        self.sends.append(now)
        self.bodies[digest] += 1
        self.sends_in_hold += now < self.hold_until - 1e-9
        self.sends_after_halt += self.halted_at is not None and now > self.halted_at
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return self.bodies[digest]

    def answered(self, exchange: SimReply | NoReply) -> None:
        """Count what a chat request is going to be answered with."""
        match exchange:
            case SimReply(status=status):
                self.statuses[status] += 1
            case NoReply(how=how):
                self.silences[how] += 1

    def ended(self, exchange: SimReply | NoReply, now: float, *, delivered: bool) -> None:
        """Count a chat request out; a reply that the client did not wait for binds nobody."""
        self.in_flight -= 1
        if not delivered or not isinstance(exchange, SimReply):
            return
        if exchange.hold_s is not None:
            self.hold_until = max(self.hold_until, now + exchange.hold_s)
        if exchange.halts and self.halted_at is None:
            self.halted_at = now

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "silences": dict(sorted(self.silences.items())),
            "faults": dict(sorted(self.faults.items())),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "most_in_60_s": self.most_in(60.0),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "duplicate_bodies": self.duplicate_bodies,
            "tickets": len(self.ticket_calls),
            "most_calls_of_a_ticket": max(self.ticket_calls.values(), default=0),
            "sends_in_hold": self.sends_in_hold,
            "sends_after_halt": self.sends_after_halt,
            "first_send_s": self.sends[0] if self.sends else None,
            "last_send_s": self.sends[-1] if self.sends else None,
        }


def _ticket_key(text: str) -> bytes:
    # A million tickets are counted without keeping their texts.
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:12]
