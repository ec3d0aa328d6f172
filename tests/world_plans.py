"""Worlds: what the provider does, what the operator does, and when the process dies; drawn from a seed or by hypothesis."""

import json
import random
from dataclasses import asdict, dataclass

from forge_tui.core import command
from forge_tui.core.command import (
    BreakerOrder,
    Cancel,
    Command,
    Drain,
    Pause,
    Resume,
    Retry,
    SetBreaker,
    SetLimits,
    StopNow,
)
from session_builders import texts

HOUR_S = 3600.0
# What befalls calls at any time, some of them; a world has at most four of these at once.
ACCIDENTS = (
    *("internal_error", "model_call_error", "bad_gateway", "overloaded", "billing_unavailable", "gateway_timeout"),
    *("rate_limited", "rate_limited_bare", "reset", "reset_mid_body", "short_body", "hang", "refused", "slow", "drip"),
    *("garbage", "truncated", "null_length", "empty_content", "empty_body", "error_in_200", "bad_label", "id_missing"),
    *("id_duplicate", "id_foreign", "id_reordered", "summary_missing", "tool_calls", "unclosed_think", "filtered"),
    *("fence", "think", "prose", "trailing_comma", "smart_quotes", "wrong_case", "emoji", "control_chars"),
    *("rejected", "too_large", "too_long", "no_response_format", "no_json_schema"),
)
# What befalls every call, or most of them, for a while.
WEATHER = (
    *("refused", "blackhole", "hang", "reset", "reset_mid_body", "internal_error", "bad_gateway", "gateway_timeout"),
    *("overloaded", "rate_limited", "rate_limited_bare", "slow", "garbage", "truncated", "bad_label", "empty_body"),
    *("revoked", "no_credit", "redirect", "rejected", "short_body", "filtered"),
)
# A ticket that only ever gets HTTP 500 waits for others to prove that the service works: as the last one, for ever.
LIMITS = ("overloaded", "rate_limited", "rate_limited_bare")
POISONS = ("rejected", "garbage", "null_length", "filtered", "too_long", "bad_label", "truncated", "too_large")
LONG = "the log of unit {n} says: " + "fan speed out of range again and nobody came to look at it, " * 60


@dataclass(frozen=True, slots=True)
class Plan:
    """One world; instants are virtual seconds."""

    seed: int
    sim: str
    settings: dict[str, object]
    files: tuple[tuple[str, ...], ...]
    orders: tuple[tuple[float, Command], ...]
    crashes: tuple[float, ...]
    jumps: tuple[tuple[float, float], ...]

    @property
    def tickets(self) -> int:
        return sum(len(rows) for rows in self.files)

    def line(self) -> str:
        """The plan as one line, which `of_line` reads."""
        orders = [(at_s, type(order).__name__, asdict(order)) for at_s, order in self.orders]
        return json.dumps(asdict(self) | {"orders": orders})


def of_line(line: str) -> Plan:
    """The plan that `line` tells."""
    told = json.loads(line)
    lists = {name: tuple(map(tuple, told[name])) for name in ("files", "jumps")}
    orders = tuple((at_s, _order_of(name, fields)) for at_s, name, fields in told["orders"])
    return Plan(**told | lists | {"orders": orders, "crashes": tuple(told["crashes"])})


def _order_of(name: str, fields: dict[str, object]) -> Command:
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    if name == "SetBreaker":
        given["order"] = BreakerOrder(given["order"])
    return getattr(command, name)(**given)


def draw(seed: int) -> Plan:
    """The world of `seed`, always the same."""
    return drawn_by(random.Random(f"{seed}:world"), seed)


def drawn_by(rng: random.Random, seed: int) -> Plan:
    """A world of what `rng` answers: the first of each choice and the low end of each range make the calmest one."""
    settings = _settings(rng)
    files = tuple(_file(rng, number) for number in range(rng.choice((1, 1, 2))))
    latency = rng.choice(("0.05", "0.5", "flat:0.8", "batch:0.5", "flat:4"))
    # An order or a crash after the end would happen to nobody.
    scale_s = 0.2 + sum(map(len, files)) * float(latency.partition(":")[2] or latency) * rng.uniform(0.05, 0.4)
    return Plan(
        seed=seed,
        sim=_sim(rng, seed, latency, settings),
        settings=settings,
        files=files,
        orders=_orders(rng, scale_s, len(files[0])),
        crashes=tuple(sorted(rng.uniform(0.1, scale_s) for _ in range(rng.choice((0, 0, 1, 2))))),
        jumps=tuple(
            (rng.uniform(0, scale_s), rng.choice((-90_000.0, -30.0, 30.0, 90_000.0)))
            for _ in range(rng.choice((0, 0, 0, 1)))
        ),
    )


def _settings(rng: random.Random) -> dict[str, object]:
    settings: dict[str, object] = {
        "batch_size": rng.choice(("auto", 1, rng.randint(2, 20))),
        "concurrency": rng.choice((1, 2, rng.randint(3, 10), 20)),
        "grace_s": rng.choice((0.0, 1.0, 20.0)),
        "use_cache": rng.random() < 0.8,
    }
    if rng.random() < 0.3:
        settings["requests_per_min"] = float(rng.choice((20, 60, 300)))
    if rng.random() < 0.2:
        settings["max_cost"] = rng.uniform(0.05, 0.5)
    if rng.random() < 0.2:
        settings["max_outage_s"] = rng.uniform(60, 4000)
    if rng.random() < 0.2:
        settings["canary_requests"] = 0
    return settings


def _file(rng: random.Random, number: int) -> tuple[str, ...]:
    size = rng.choice((1, rng.randint(2, 12), rng.randint(20, 60), rng.randint(40, 110)))
    rows = [f"{text} in file {number}" for text in texts(size, mix=rng.choice(((2, 2, 1), (1, 0, 0), (0, 0, 1))))]
    rows += rng.choices(rows, k=int(size * rng.choice((0, 0, 0.3))))
    rows += [LONG.format(n=n) for n in range(rng.choice((0, 0, 2)))]
    rows += [f"a customer writes POISON-{word} about unit {number}" for word in POISONS if rng.random() < 0.1]
    rng.shuffle(rows)
    return tuple(rows)


def _sim(rng: random.Random, seed: int, latency: str, settings: dict[str, object]) -> str:
    parts = [f"latency={latency}", f"seed={seed}", f"load={rng.choice((0, 0, 0.05))}"]
    accidents = rng.sample(ACCIDENTS, rng.randint(0, 4))
    if accidents:
        parts.append("faults=" + "+".join(f"{name}:{rng.uniform(0.01, 0.08):.3f}" for name in accidents))
    if phases := _phases(rng):
        parts.append("phases=" + "+".join(phases))
    if wait := rng.choice(("", "", "1", "3", "40", "300")):
        parts += [f"retry_after={wait}", f"headers={rng.choice(('seconds', 'float', 'ms', 'date', 'text', 'groq'))}"]
    if rng.random() < 0.3:
        told = settings.get("requests_per_min")
        parts.append(f"rpm={told or rng.choice((30, 120)):g}")
        parts.append(f"count_failed={rng.randint(0, 1)}")
    parts.append("poison=" + "+".join(f"POISON-{name}:{name}" for name in POISONS))
    return ",".join(parts)


def _phases(rng: random.Random) -> list[str]:
    phases: list[str] = []
    begin_s = rng.choice((0.0, rng.uniform(0, 20)))
    flapping = rng.random() < 0.15
    for _ in range(rng.randint(5, 12) if flapping else rng.randint(0, 4)):
        fault = rng.choice(WEATHER)
        last_s = rng.choice((rng.uniform(1, 60), rng.uniform(60, HOUR_S)))
        if flapping or fault in LIMITS:
            last_s = min(last_s, 30.0)
        share = rng.choice((1.0, 1.0, rng.uniform(0.3, 0.9)))
        phases.append(f"{begin_s:.2f}-{begin_s + last_s:.2f}:{fault}@{share:.2f}")
        begin_s += last_s + rng.uniform(1, 120)
    return phases


def _orders(rng: random.Random, scale_s: float, rows: int) -> tuple[tuple[float, Command], ...]:
    orders: list[tuple[float, Command]] = []
    for number in range(1, 1 + 2 * rng.choice((0, 1, 2, 3, 6)), 2):
        at_s = rng.uniform(0, scale_s)
        match rng.randrange(12):
            case 0 | 1 | 2:
                # Nobody else would ever end a pause; two orders of one instant come in any order.
                orders += [(at_s, Pause(number)), (at_s + rng.uniform(0.001, 900), Resume(number + 1))]
            case 3 | 4:
                orders.append((at_s, Drain(number)))
            case 5:
                orders.append((at_s, StopNow(number)))
            case 6:
                orders.append((at_s, Cancel(number)))
                orders.append((at_s + rng.uniform(0, 5), _retry(rng, number + 1, rows)))
            case 7 | 8:
                orders.append((at_s, _retry(rng, number, rows)))
            case 9:
                orders.append((at_s, SetBreaker(number, rng.choice(list(BreakerOrder)))))
            case _:
                orders.append((at_s, SetLimits(number, rng.randint(1, 20), rng.choice((None, 0.0, 90.0)))))
    return tuple(sorted(orders, key=lambda order: (order[0], order[1].command_id)))


def _retry(rng: random.Random, number: int, rows: int) -> Retry:
    return Retry(number, tuple(sorted(rng.sample(range(1, rows + 1), rng.randint(1, rows)))))
