"""What a job costs and what was saved, in words: for the frame's lines, the farewell and the job's report."""

from typing import NamedTuple

from forge_tui.core.job import ENDED
from forge_tui.core.snapshot import Snapshot
from forge_tui.telemetry import figures


class Amount(NamedTuple):
    """Tokens and what they cost."""

    tokens: int
    cost: float


def spent_text(job: Snapshot) -> str:
    """`₹24.00`; `free` where nothing is billed, a dash where no price is known."""
    if job.free:
        return "free"
    return figures.money(job.cost, job.currency) if job.currency else f"cost {figures.UNKNOWN}"


def cost_text(job: Snapshot, *, wide: bool = False) -> str:
    """The same with its budget and what it leads to: `₹24.00 of ₹50 (→ ₹41.40)`."""
    spent = spent_text(job)
    if job.free or not job.currency:
        return spent
    budget = "" if job.max_cost is None else f" of {figures.limit_of_money(job.max_cost, job.currency)}"
    if job.cost_projected is None or job.state in ENDED:
        return spent + budget
    leads_to = figures.money(job.cost_projected, job.currency)
    return f"{spent}{budget} → ≈ {leads_to}" if wide else f"{spent}{budget} (→ {leads_to})"


def ticket_cost_text(job: Snapshot) -> str:
    """`₹0.0099 a ticket`: of those that a request answered; empty where nothing is billed or none is answered yet."""
    if job.free or not job.currency or not job.from_model:
        return ""
    return f"{figures.money(job.cost / job.from_model, job.currency)} a ticket"


def saved_text(known: Amount, batching: Amount, currency: str) -> str:
    """`saved ₹1.20 by cache and twins, ₹1.90 by batching`: in tokens where no price is known; empty where nothing was."""
    told = [
        f"{_amount(amount, currency)} by {name}"
        for amount, name in ((known, "cache and twins"), (batching, "batching"))
        if amount.tokens
    ]
    return f"saved {', '.join(told)}" if told else ""


def saved_in_all(job: Snapshot) -> str:
    """`saved ₹3.10`: by cache, twins and batching together."""
    saved = Amount(job.saved_tokens + job.batching_saved_tokens, job.saved_cost + job.batching_saved_cost)
    return f"saved {_amount(saved, '' if job.free else job.currency)}" if saved.tokens else ""


def saved_of(job: Snapshot) -> str:
    """The same of a running job."""
    known = Amount(job.saved_tokens, job.saved_cost)
    batching = Amount(job.batching_saved_tokens, job.batching_saved_cost)
    return saved_text(known, batching, "" if job.free else job.currency)


def _amount(amount: Amount, currency: str) -> str:
    if amount.cost and currency:
        return figures.money(amount.cost, currency)
    return f"{figures.short_count(amount.tokens)} tokens"
