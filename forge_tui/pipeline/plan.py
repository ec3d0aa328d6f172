"""The preview: what a job holds, what it will send, cost and take, before anything is sent or stored."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from forge_tui.core.event import JobPlanned
from forge_tui.core.outcome import Price, Usage
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity, EstimatedTicket, InputRow, RefusedRow
from forge_tui.pipeline.batcher import Batcher, Scarcity
from forge_tui.pipeline.intake import Portion
from forge_tui.pipeline.seen_texts import SeenTexts
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.prompt import TICKET_OVERHEAD_TOKENS, expected_output_tokens, prompt_overhead_tokens
from forge_tui.settings import Settings
from forge_tui.telemetry.eta import ClassWork, Pace, estimated_seconds

CHUNK_ROWS = 5_000
SHOWN_TICKETS = 12
SHOWN_REFUSED = 5
# Reasons name what is wrong, some with a value of the row: a file of such rows must not fill the memory.
MOST_REASONS = 20
OTHER_REASON = "other reasons"
# How far tokens estimated by characters were off on real mails, both ways.
COST_BAND = 0.15


@dataclass(frozen=True, slots=True)
class Plan:
    """What `--dry-run` prints and the launch screen shows.

    `cached` counts the rows answered from the cache, `twins` those that follow a row of this job, `unique` the
    tickets to send; `cost` is in the price's currency, None where no price is known; `refused_for` counts the
    refused rows by reason, the most frequent first. Requests, tokens, cost and seconds include those of the audit,
    which `audit_requests` and `audit_cost` tell by themselves.
    """

    total: int
    cached: int
    twins: int
    unique: int
    refused: int
    complexity_breakdown: dict[Complexity, int]
    requests: int
    tokens: int
    cost: float | None
    currency: str
    estimated_seconds: float
    bound_by: str
    audit_requests: int = 0
    audit_cost: float | None = None
    shown: tuple[str, ...] = ()
    shown_refused: tuple[RefusedRow, ...] = ()
    refused_for: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True

    @property
    def cost_band(self) -> tuple[float, float] | None:
        """The least and the most it should cost."""
        return None if self.cost is None else (self.cost * (1 - COST_BAND), self.cost * (1 + COST_BAND))

    def as_event(self, at: float, job_id: int) -> JobPlanned:
        """The same figures as the first event of a job."""
        return JobPlanned(
            at=at,
            job_id=job_id,
            total=self.total,
            cached=self.cached,
            unique=self.unique,
            twins=self.twins,
            refused=self.refused,
            complexity_breakdown=dict(self.complexity_breakdown),
            requests=self.requests,
            cost=self.cost,
            estimated_seconds=self.estimated_seconds,
            audit_requests=self.audit_requests,
            audit_cost=self.audit_cost,
        )


@dataclass(slots=True)
class _Tally:
    total: int = 0
    cached: int = 0
    twins: int = 0
    refused: int = 0
    breakdown: dict[Complexity, int] = field(default_factory=lambda: dict.fromkeys(Complexity, 0))
    to_send: dict[Complexity, int] = field(default_factory=lambda: dict.fromkeys(MOST_COMPLEX_FIRST, 0))
    text_tokens: int = 0
    seen: SeenTexts = field(default_factory=SeenTexts)
    shown: list[str] = field(default_factory=list)
    shown_refused: list[RefusedRow] = field(default_factory=list)
    refused_for: Counter[str] = field(default_factory=Counter)


class Planner:
    """Counts rows as they are taken in and looked up; `plan` may be asked at any moment."""

    def __init__(self, settings: Settings, endpoint: Endpoint, batcher: Batcher) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._batcher = batcher
        self._tally = _Tally()

    def count(self, portion: Portion, cached: Collection[int], twins: Collection[int]) -> None:
        """Count the next rows, whose tickets at these positions the cache answers, or follow another one."""
        for row in portion.refused:
            self._refuse(row)
        for ticket in portion.tickets:
            position = ticket.ticket.position
            self._count(ticket, cached=position in cached, twin=position in twins)

    def foresee(self, portion: Portion, known: Collection[bytes]) -> None:
        """Count the next rows where nothing is stored: the cache answers `known` keys, twins are found here."""
        cached, twins = set[int](), set[int]()
        for ticket in portion.tickets:
            if ticket.key in known:
                cached.add(ticket.ticket.position)
            elif not self._tally.seen.add(ticket.key):
                twins.add(ticket.ticket.position)
        self.count(portion, cached, twins)

    def plan(self, *, complete: bool = True) -> Plan:
        """The figures of what was read so far."""
        tally = self._tally
        sizes = {c: self._size(c) for c in MOST_COMPLEX_FIRST}
        requests = {c: -(-tally.to_send[c] // sizes[c]) for c in MOST_COMPLEX_FIRST}
        checks = {c: round(tally.to_send[c] * self._settings.audit_share) if sizes[c] > 1 else 0 for c in sizes}
        first = self._usage(sum(requests.values()), sum(tally.to_send.values()))
        audit = self._usage(sum(checks.values()), sum(checks.values()))
        usage = Usage(
            first.prompt_tokens + audit.prompt_tokens, first.completion_tokens + audit.completion_tokens, estimated=True
        )
        return Plan(
            total=tally.total,
            cached=tally.cached,
            twins=tally.twins,
            unique=sum(tally.to_send.values()),
            refused=tally.refused,
            complexity_breakdown=dict(tally.breakdown),
            requests=sum(requests.values()) + sum(checks.values()),
            tokens=usage.total_tokens,
            cost=_cost(self._endpoint, usage),
            currency=self._endpoint.price.currency if self._endpoint.price else "",
            estimated_seconds=self._seconds(sizes, checks),
            bound_by=self._bound_by(),
            audit_requests=sum(checks.values()),
            audit_cost=_cost(self._endpoint, audit),
            shown=tuple(tally.shown),
            shown_refused=tuple(tally.shown_refused),
            refused_for=dict(tally.refused_for.most_common()),
            complete=complete,
        )

    def _refuse(self, row: RefusedRow) -> None:
        tally = self._tally
        tally.total += 1
        tally.refused += 1
        if len(tally.shown_refused) < SHOWN_REFUSED:
            tally.shown_refused.append(row)
        reason = row.message.removeprefix(f"{row.origin}: ")
        known = reason in tally.refused_for or len(tally.refused_for) < MOST_REASONS
        tally.refused_for[reason if known else OTHER_REASON] += 1

    def _count(self, ticket: EstimatedTicket, *, cached: bool, twin: bool) -> None:
        tally = self._tally
        tally.total += 1
        tally.breakdown[ticket.complexity] += 1
        if len(tally.shown) < SHOWN_TICKETS:
            tally.shown.append(ticket.ticket.text)
        if cached:
            tally.cached += 1
        elif twin:
            tally.twins += 1
        else:
            tally.to_send[ticket.complexity] += 1
            tally.text_tokens += ticket.tokens + TICKET_OVERHEAD_TOKENS

    def _size(self, complexity: Complexity) -> int:
        backlog = sum(self._tally.to_send.values())
        return self._batcher.size(complexity, backlog, self._scarcity())[0]

    def _scarcity(self) -> Scarcity:
        per_min = self._endpoint.requests_per_min
        if per_min is None or self._bound_by() != "requests/min":
            return Scarcity(None, "")
        return Scarcity(1.0 + per_min / 60.0 * self._settings.default_latency_s, "")

    def _bound_by(self) -> str:
        per_min = self._endpoint.requests_per_min
        slots_per_min = 60.0 * self._settings.concurrency / self._settings.default_latency_s
        return "requests/min" if per_min is not None and per_min < slots_per_min else "slots x latency"

    def _usage(self, requests: int, tickets: int) -> Usage:
        """What so many requests with so many tickets of the job's mean length come to."""
        unique = sum(self._tally.to_send.values())
        texts = round(self._tally.text_tokens * tickets / unique) if unique else 0
        prompt = requests * prompt_overhead_tokens(self._endpoint.taxonomy) + texts
        output = tickets * (expected_output_tokens(2) - expected_output_tokens(1)) + requests * expected_output_tokens(
            0
        )
        return Usage(prompt, output, estimated=True)

    def _seconds(self, sizes: dict[Complexity, int], checks: dict[Complexity, int]) -> float:
        latency_s = self._settings.default_latency_s
        work = [ClassWork(c, self._tally.to_send[c], sizes[c], latency_s) for c in MOST_COMPLEX_FIRST]
        work += [ClassWork(c, checks[c], 1, latency_s) for c in MOST_COMPLEX_FIRST if checks[c]]
        pace = Pace(self._settings.concurrency, self._endpoint.requests_per_min, self._endpoint.tokens_per_min)
        return 0.0 if self._endpoint.provider == "local" else round(estimated_seconds(work, pace), 1)


def chunks_of(rows: Iterator[InputRow]) -> Iterator[list[InputRow]]:
    """The rows in the portions that are looked up together."""
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk


def _cost(endpoint: Endpoint, usage: Usage) -> float | None:
    price: Price | None = endpoint.price
    return None if price is None else price.cost(usage)
