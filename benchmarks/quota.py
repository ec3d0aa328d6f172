"""Under a request limit, in simulated time: tickets an hour and tokens a ticket, alone and in adaptive batches."""

from benchmarks.figures import Bar, Effort, Finding, Plot, Spread, Table
from benchmarks.runs import Run, measure_simulated, tickets
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.pipeline.estimator import tokens_of
from forge_tui.provider.prompt import system_prompt
from forge_tui.provider.simulator.stats import Stats

COUNT, PER_MIN, LATENCY_S = 2_000, 40, 1.0
SWEPT = (40, 120, 600, 2_400)
CAPS_RAISED = {"batch_cap_simple": 40, "batch_cap_medium": 20, "batch_cap_complex": 10, "batch_output_tokens": 3000}

# The original's own figures: live with reasoning, one ticket a request; its system message and its answer by size.
ORIGINAL_LIVE_TOKENS, ORIGINAL_PROMPT_TOKENS, ORIGINAL_ANSWER_TOKENS = 368, 75, 40

Arm = tuple[Run, Stats]


def quota(_effort: Effort) -> Finding:
    """2,000 tickets (40/40/20) at 40 requests a minute, then at higher limits; simulated time, so once is enough."""
    texts = tickets(COUNT)
    alone, auto = _arm(texts, PER_MIN, batch_size=1), _arm(texts, PER_MIN)
    raised = _arm(texts, PER_MIN, **CAPS_RAISED)
    swept = {per_min: (_arm(texts, per_min, batch_size=1), _arm(texts, per_min)) for per_min in SWEPT[1:]}
    swept = {PER_MIN: (alone, auto)} | swept
    at_40 = [("one a request", alone), ("auto", auto), ("auto, caps raised to 40/20/10", raised)]
    plot = Plot(
        "quota",
        "Tickets an hour over the request limit (simulated time)",
        "requests a minute",
        "tickets/h",
        {
            "one a request": [(per_min, arms[0][0].per_s * 3600) for per_min, arms in swept.items()],
            "auto": [(per_min, arms[1][0].per_s * 3600) for per_min, arms in swept.items()],
        },
        log_x=True,
        log_y=True,
    )
    return Finding(
        tables=[
            Table(
                f"{COUNT:,} tickets at {PER_MIN} requests/min, {LATENCY_S:g} s latency",
                ["size", "requests", "minutes", "tickets/h", "tokens/ticket"],
                [_row(name, arm) for name, arm in at_40],
            ),
            Table(
                "limits swept: tickets/h",
                ["requests/min", "one a request", "auto", "gain", "auto's requests"],
                [_swept_row(per_min, *arms) for per_min, arms in swept.items()],
            ),
            _token_table(texts, alone, auto),
        ],
        bars=_bars(texts, alone, auto),
        plots=[plot],
    )


def _arm(texts: list[str], per_min: int, **settings: object) -> Arm:
    run, stats = measure_simulated(texts, f"latency={LATENCY_S},rpm={per_min}", requests_per_min=per_min, **settings)
    assert run.failed == 0
    return run, stats


def _bars(texts: list[str], alone: Arm, auto: Arm) -> list[Bar]:
    possible_s = (auto[1].requests - 1) * 60 / PER_MIN + LATENCY_S
    work = f"{COUNT:,} tickets at {PER_MIN} requests/min"
    figures = [
        ("time / what the limit permits", auto[0].seconds / possible_s, 1.03, False),
        ("tickets/h / one per request", auto[0].per_s / alone[0].per_s, 9.0, True),
        ("tokens a ticket / one per request", auto[0].tokens / alone[0].tokens, 0.5, False),
        ("overhead tokens a ticket", _overhead(texts, auto), 30.0, False),
        ("system prompt, tokens", float(tokens_of(system_prompt(SUPPORT_TAXONOMY))), 250.0, False),
    ]
    return [Bar(work, name, Spread.of([value]), limit, at_least) for name, value, limit, at_least in figures]


def _overhead(texts: list[str], arm: Arm) -> float:
    """Prompt tokens a ticket beside the ticket's own text."""
    return (arm[1].prompt_tokens - sum(map(tokens_of, texts))) / len(texts)


def _token_table(texts: list[str], alone: Arm, auto: Arm) -> Table:
    text = sum(map(tokens_of, texts)) / len(texts)
    original = ORIGINAL_PROMPT_TOKENS + text + ORIGINAL_ANSWER_TOKENS
    rows = [[name, *_split(texts, arm)] for name, arm in (("one a request", alone), ("auto", auto))]
    rows.append(
        [
            "the original's form, without reasoning (arithmetic)",
            *(f"{value:.0f}" for value in (text, ORIGINAL_ANSWER_TOKENS, ORIGINAL_PROMPT_TOKENS, original)),
        ]
    )
    rows.append(["the original live, with reasoning (its own figure)", "", "", "", f"{ORIGINAL_LIVE_TOKENS}"])
    return Table("tokens a ticket", ["form", "ticket text", "answer", "overhead", "all"], rows)


def _split(texts: list[str], arm: Arm) -> list[str]:
    count, stats = len(texts), arm[1]
    text, answer = sum(map(tokens_of, texts)) / count, stats.completion_tokens / count
    return [f"{value:.0f}" for value in (text, answer, _overhead(texts, arm), stats.prompt_tokens / count + answer)]


def _row(name: str, arm: Arm) -> list[str]:
    run, stats = arm
    return [
        *(name, f"{stats.requests:,}", f"{run.seconds / 60:.1f}", f"{run.per_s * 3600:,.0f}"),
        f"{(stats.prompt_tokens + stats.completion_tokens) / run.tickets:.0f}",
    ]


def _swept_row(per_min: int, alone: Arm, auto: Arm) -> list[str]:
    rates = [arm[0].per_s * 3600 for arm in (alone, auto)]
    return [
        f"{per_min:,}",
        *(f"{rate:,.0f}" for rate in rates),
        f"{rates[1] / rates[0]:.1f} x",
        f"{auto[1].requests:,}",
    ]
