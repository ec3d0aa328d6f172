"""The audit stage: which tickets answered in company are asked again alone, and when a class has to give company up.

answered in company ──chosen──▶ asked again alone ──heard──▶ agreement of the class ──too low──▶ one per request
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from forge_tui.core.agreement import NOTHING_CHECKED, Agreement
from forge_tui.core.settlement import CheckedTicket, DoneTicket
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Batch, Complexity, QueuedTicket

LEAST_AGREEMENT = 0.9
# The interval of fewer is so wide that its upper end, looked at after every answer, falls too low by chance.
LEAST_ANSWERED = 20


class Audit:
    """Asks the `share` (0 to 1) of a job's batched tickets again; `found` is what earlier runs of the job heard."""

    def __init__(self, share: float, job_id: int, found: Mapping[Complexity, Agreement]) -> None:
        self._share = share
        self._job_id = job_id
        self._heard = {c: found.get(c, NOTHING_CHECKED) for c in MOST_COMPLEX_FIRST}

    def chosen(self, position: int) -> bool:
        """Whether the ticket is one of the share; the same answer every time, so that a restart asks nobody twice."""
        return zlib.crc32(f"{self._job_id}:{position}".encode()) < self._share * 2**32

    def picks(self, batch: Batch, done: Iterable[DoneTicket]) -> Iterator[QueuedTicket]:
        """Those of a settled batch that are to be asked again, as tickets that ride alone."""
        if not self._share or len(batch.tickets) == 1:
            return
        aboard = {ticket.position: ticket for ticket in batch.tickets}
        for answered in done:
            if self.chosen(answered.position):
                yield as_check(aboard[answered.position], answered)

    def hear(self, complexity: Complexity, checked: Iterable[CheckedTicket]) -> str | None:
        """Take the answers given alone; why the class must ride alone from now on, None where it need not."""
        heard = sum((one.agreement for one in checked), self._heard[complexity])
        self._heard[complexity] = heard
        return self.too_low(complexity)

    def too_low(self, complexity: Complexity) -> str | None:
        """Why company disturbs this class too much; None while it is not proven to."""
        heard = self._heard[complexity]
        worse = heard.worse
        if heard.answered < LEAST_ANSWERED or worse.high >= LEAST_AGREEMENT:
            return None
        return f"agreement {worse.low:.0%} to {worse.high:.0%} of {heard.answered} asked again alone"


def as_check(ticket: QueuedTicket, answered: DoneTicket) -> QueuedTicket:
    """The ticket as it is asked again: alone, with the form and the attempts of a first time."""
    return replace(
        ticket,
        company=1,
        note=None,
        output_tokens=None,
        ticket_attempts=0,
        service_attempts=0,
        successes_seen=-1,
        twins=0,
        check_of=answered.classification,
    )
