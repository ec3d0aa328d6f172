"""How long the simulated model takes; medians and spreads follow third-party reports, every number is an option."""

import math
import random

from forge_tui.provider.simulator.options import LatencyModel, SimulatorOptions

FLAT_SIGMA = 0.323
FIRST_TOKEN_SIGMA = 0.32
OUTPUT_TOKENS_PER_S = 90.0
SLOW_FACTOR = 4.0


def answer_delay_s(
    options: SimulatorOptions, rng: random.Random, *, output_tokens: int, others_in_flight: int, slow: bool
) -> float:
    """Seconds from request to answer; `fixed` draws nothing and knows no load."""
    pace = options.speed * (SLOW_FACTOR if slow else 1.0)
    under_load = 1 + options.load * others_in_flight
    match options.latency_model:
        case LatencyModel.FIXED:
            return options.latency_s * pace
        case LatencyModel.FLAT:
            return _lognormal(rng, options.latency_s, FLAT_SIGMA) * pace * under_load
        case LatencyModel.BATCH:
            first_token_s = _lognormal(rng, options.latency_s, FIRST_TOKEN_SIGMA)
            return (first_token_s + output_tokens / OUTPUT_TOKENS_PER_S) * pace * under_load


def _lognormal(rng: random.Random, median: float, sigma: float) -> float:
    return median * math.exp(rng.gauss(0.0, sigma))
