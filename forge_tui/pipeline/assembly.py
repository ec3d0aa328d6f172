"""The stages of one run, put together from settings, endpoint and what the store knows of the job."""

import random
from collections.abc import Callable, Sequence

from forge_tui.core.clock import Clock
from forge_tui.core.outcome import Usage
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity, QueuedTicket
from forge_tui.pipeline.alarms import Alarms
from forge_tui.pipeline.audit import Audit
from forge_tui.pipeline.batcher import Batcher, BatchRules
from forge_tui.pipeline.flight import Caller
from forge_tui.pipeline.gates import Gates, retry_rules
from forge_tui.pipeline.intake import Intake
from forge_tui.pipeline.plan import Planner
from forge_tui.pipeline.queue import TicketQueue
from forge_tui.pipeline.recorder import Recorder
from forge_tui.pipeline.settle import Settler, SettleRules
from forge_tui.pipeline.sizes import Sizes
from forge_tui.pipeline.stages import RunRules, Stages
from forge_tui.pipeline.window import Window
from forge_tui.provider.connect import Provider
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.prompt import (
    TICKET_OVERHEAD_TOKENS,
    expected_output_tokens,
    max_tokens_for,
    prompt_overhead_tokens,
)
from forge_tui.settings import Settings
from forge_tui.storage.job_store import JobStore

# Rules read no prompt: a batch is only what is judged and stored together. 200 of them cost a third of 20 (measured).
_LOCAL_BATCH = 200
_LOCAL_BATCHES = BatchRules(
    size=_LOCAL_BATCH,
    caps=dict.fromkeys(MOST_COMPLEX_FIRST, _LOCAL_BATCH),
    prompt_tokens=10**9,
    output_tokens=10**9,
    alone_over_tokens=10**9,
    shared_tokens=0,
)


def batcher_for(settings: Settings, endpoint: Endpoint) -> Batcher:
    """The batcher under these settings; the local rules judge each ticket by itself, so company costs nothing there."""
    if endpoint.provider == "local":
        return Batcher(_LOCAL_BATCHES)
    caps = {
        Complexity.SIMPLE: settings.batch_cap_simple,
        Complexity.MEDIUM: settings.batch_cap_medium,
        Complexity.COMPLEX: settings.batch_cap_complex,
    }
    return Batcher(
        BatchRules(
            size=settings.batch_size,
            caps=caps,
            prompt_tokens=settings.batch_prompt_tokens,
            output_tokens=settings.batch_output_tokens,
            alone_over_tokens=settings.alone_over_tokens,
            shared_tokens=prompt_overhead_tokens(endpoint.taxonomy),
        )
    )


def intake_for(settings: Settings, endpoint: Endpoint) -> Intake:
    """The intake under these settings: what a text may weigh is the model's context without prompt and answer."""
    most = None
    if endpoint.context_tokens is not None:
        shared = prompt_overhead_tokens(endpoint.taxonomy) + TICKET_OVERHEAD_TOKENS
        most = max(1, endpoint.context_tokens - shared - endpoint.max_output_tokens)
    return Intake(endpoint.fingerprint, most, cuts=settings.max_ticket_chars > 0)


def planner_for(settings: Settings, endpoint: Endpoint) -> Planner:
    """The preview's planner: it estimates and packs as the run will."""
    return Planner(settings, endpoint, batcher_for(settings, endpoint))


def stages_for(
    job_id: int,
    settings: Settings,
    endpoint: Endpoint,
    provider: Provider,
    gates: Gates,
    store: JobStore,
    recorder: Recorder,
    backlog: Callable[[], int],
    audit: Audit,
    clock: Clock,
    rng: random.Random,
    *,
    proven: bool,
) -> Stages:
    """All stages of a run of `job_id`; `proven` says that an earlier run of it had valid answers."""
    queue = TicketQueue(settings.fair_every_batches)
    batcher = batcher_for(settings, endpoint)
    local = endpoint.provider == "local"
    canary = 0 if local else settings.canary_requests
    shared_tokens = 0 if local else prompt_overhead_tokens(endpoint.taxonomy)
    return Stages(
        queue=queue,
        window=Window(store, queue, job_id),
        gates=gates,
        caller=Caller(provider, endpoint.price, endpoint.taxonomy, shared_tokens, clock),
        settler=Settler(_settle_rules(settings), random.Random(f"{rng.random()}:settle")),
        sizes=Sizes(batcher, gates, backlog, recorder.resized, settings.default_latency_s),
        recorder=recorder,
        alarms=Alarms(started=clock.monotonic(), canary_requests=canary, proven=proven),
        audit=audit,
    )


def run_rules(settings: Settings, endpoint: Endpoint) -> RunRules:
    """What a run reads of the settings."""
    return RunRules(_estimator(endpoint), settings.max_outage_s, settings.grace_s)


def _estimator(endpoint: Endpoint) -> Callable[[Sequence[QueuedTicket]], tuple[int, float]]:
    """Expected tokens of a batch, and the most it can cost: its reply may run to the output limit."""
    shared = prompt_overhead_tokens(endpoint.taxonomy)

    def most_it_costs(tickets: Sequence[QueuedTicket]) -> tuple[int, float]:
        prompt = shared + sum(ticket.tokens + TICKET_OVERHEAD_TOKENS for ticket in tickets)
        limit = max_tokens_for(len(tickets), endpoint.max_output_tokens)
        raised = max((ticket.output_tokens or 0 for ticket in tickets), default=0)
        usage = Usage(prompt, max(limit, raised))
        cost = endpoint.price.cost(usage) if endpoint.price else 0.0
        return prompt + expected_output_tokens(len(tickets)), cost

    return most_it_costs


def _settle_rules(settings: Settings) -> SettleRules:
    return SettleRules(retry_rules(settings), settings.max_output_tokens, cut_too_long=settings.max_ticket_chars > 0)
