"""What the list screens show in tests: failures, results, tickets with their requests, and a screen after some keys."""

from contextlib import asynccontextmanager

from console_builders import console, settle, working_hub
from console_states import NOW
from forge_tui.core.failure import Code
from forge_tui.core.outcome import Classification
from forge_tui.core.ticket import Complexity, Origin, Source, TicketState
from forge_tui.storage.rows import AttemptRow, FailureGroup, JobStats, LabelCounts, ResultRow, TicketRow

HOSTILE = "[/b] [@click=app.quit]x[/] \x1b]52;c;aGk=\x07 \u202e tail"


_ANSWERS = (
    (Classification("billing", "high", "Customer was charged twice for a cancelled booking"), Source.MODEL),
    (Classification("hardware_issue", "medium", "Laptop does not charge over USB-C"), Source.CACHE),
    (Classification("billing", "high", "Customer was charged twice for a cancelled booking"), Source.TWIN),
    (Classification("billing", "critical", "Card charged 14 times in one night"), Source.MODEL),
    (Classification("software_issue", "low", "Battery charge shown as 0 % although the device runs"), Source.MODEL),
    (Classification("model_quality", "medium", "Answers turn to nonsense in long chats"), Source.MODEL),
    (Classification("other", "low", "Question about a foreign card"), Source.CACHE),
)
_TEXT = (
    "I paid for the annual plan twice and the second charge was never taken back, although I was told on the phone that"
    " it would be, and the bank says the same as you do: nobody is responsible."
)


def result(position, summary=None):
    """A classified row; every seventh is of the same kind, and the third was cut."""
    label, source = _ANSWERS[position % len(_ANSWERS)]
    return ResultRow(
        position=position,
        external_id=None,
        complexity=Complexity.MEDIUM,
        source=source,
        batch=30 + position // 10 if source is Source.MODEL else None,
        category=label.category,
        priority=label.priority,
        summary=summary or label.summary,
        flags=(),
        truncated=position == 3,
        text=f"Row {position}. {_TEXT}",
    )


def ticket(position, text=_TEXT, **changes):
    """A ticket that failed, with what the store keeps of it."""
    fields = {
        "position": position,
        "state": TicketState.FAILED,
        "text": text,
        "origin": Origin("tickets_5k.csv", position + 1),
        "external_id": None,
        "columns": {},
        "truncated": False,
        "complexity": Complexity.COMPLEX,
        "words": 84,
        "leader": None,
        "source": None,
        "classification": None,
        "code": Code.SCHEMA,
        "message": 'category "refunds" is not one of the five',
        "http_status": 200,
        "request_id": None,
        "ticket_attempts": 3,
        "service_attempts": 0,
        "due": None,
        "batch": 28,
        "tokens": 300,
        "cost": 0.0099,
        "saved_tokens": 0,
        "saved_cost": 0.0,
        "settled_at": NOW - 485,
        "twins": (114, 2210),
    }
    return TicketRow(**(fields | changes))


def done(position, **changes):
    """A ticket that was answered."""
    label, source = _ANSWERS[position % len(_ANSWERS)]
    answered = {"classification": label, "source": source, "code": None, "message": "", "state": TicketState.DONE}
    return ticket(position, **(answered | {"ticket_attempts": 0, "batch": 31} | changes))


def attempt(number, size, latency_ms, code=None, message="", wait_ms=0.0, answer=""):
    """A request that the ticket rode in."""
    batch, at = 14 + 3 * number, NOW - 520 + 5 * number
    return AttemptRow(batch, size, 1, at, latency_ms, wait_ms, 200, None, code, message, 410 * size, answer)


ATTEMPTS = (
    attempt(1, 5, 4300.0, Code.SCHEMA, "batch halved"),
    attempt(2, 2, 3100.0, Code.SCHEMA, "halved again"),
    attempt(3, 1, 2400.0, Code.SCHEMA, 'category "refunds"', wait_ms=12_400.0),
    attempt(
        4,
        1,
        2300.0,
        Code.SCHEMA,
        'category "refunds", though it was told of the five',
        answer='{"results":[{"id":"t1","category":"refunds","priority":"low","summary":"Wants the second charge back"}]}',
    ),
)


def a_hub(job=None):
    """Failures and results with the tickets behind them."""
    hub = working_hub(job)
    for row in hub.rows.failure_list:
        same = {"code": row.code, "message": row.message, "complexity": row.complexity, "settled_at": row.failed_at}
        tries = {"ticket_attempts": row.ticket_attempts, "service_attempts": row.service_attempts}
        twins = (114, 2210) if row.code is Code.SCHEMA else ()
        hub.rows.tickets[row.position] = ticket(row.position, **same, **tries, alike=2, twins=twins)
        if row.code is Code.SCHEMA:
            hub.rows.attempt_lists[row.position] = list(ATTEMPTS)
    hub.rows.result_list = [result(n, HOSTILE if n == 2 else None) for n in range(1, 60)]
    for n in range(1, 60):
        hub.rows.tickets[n] = done(n)
        hub.rows.attempt_lists[n] = [attempt(1, 10, 3100.0)]
    hub.rows.labels = LabelCounts(
        {"billing": 844, "software_issue": 682, "hardware_issue": 389, "model_quality": 144, "other": 357},
        {"low": 463, "medium": 1353, "high": 531, "critical": 69},
        {Source.MODEL: 2070, Source.CACHE: 280, Source.TWIN: 66},
    )
    hub.rows.figures = JobStats(154, 6, 600_000, 20_000, 24.0, 0, 0.0, 3200, 6900, 8300, 5000, 280, 0.056, 0.012, 552.0)
    hub.rows.groups = [
        FailureGroup(Code.FILTER, "refused by the filter", 21, 1400),
        FailureGroup(Code.SCHEMA, 'category "refunds" is not one of the five', 3, 407),
        FailureGroup(Code.LENGTH, "answer cut at #", 2, 231),
        FailureGroup(Code.SERVER, "500 model_call_error", 2, 118),
        FailureGroup(Code.INPUT, "line 81: no text", 1, 80),
        FailureGroup(Code.REQUEST, "400 body rejected", 1, 519),
    ]
    return hub


def pressing(*keys):
    """Press these one after another, each when the one before has been drawn; a tuple is typed at one go."""

    async def press(pilot):
        await settle(pilot)
        for key in keys:
            await pilot.press(*((key,) if isinstance(key, str) else key))
            await settle(pilot)
        # A row on screen asks for its page, the page moves the cursor, the cursor asks for the detail.
        await settle(pilot)

    return press


def words_of(pilot):
    """What stands on the screen."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


@asynccontextmanager
async def shown(hub, *keys, size=(100, 30)):
    """The app after these keys."""
    async with console(hub).run_test(size=size) as pilot:
        await pressing(*keys)(pilot)
        yield pilot
