"""Named behaviours of the simulated provider, for `--sim world=NAME`."""

from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.options import LatencyModel, Phase, RateHeaders, SimulatorOptions

# The outage is shorter than the 30 s a breaker stays open: the first probe finds the provider healthy again.
_DEMO = SimulatorOptions(
    latency_s=0.8,
    load=0.01,
    rate_headers=RateHeaders.SECONDS,
    retry_after_s=3.0,
    faults=((Fault.INTERNAL_ERROR, 0.01), (Fault.FENCE, 0.03)),
    phases=(
        Phase(20.0, 32.0, Fault.SLOW, share=0.5),
        Phase(40.0, 46.0, Fault.RATE_LIMITED, share=0.6),
        Phase(60.0, 72.0, Fault.INTERNAL_ERROR),
        Phase(105.0, 115.0, Fault.GARBAGE, share=0.2),
        Phase(115.0, 120.0, Fault.ID_MISSING, share=0.3),
        # Twice in a row it fails a ticket: something to mark and to ask again, which then succeeds.
        Phase(125.0, 145.0, Fault.NULL_LENGTH, share=0.7),
    ),
    cycle_s=180.0,
)

WORLDS: dict[str, SimulatorOptions] = {
    "calm": SimulatorOptions(),
    "sarvam": SimulatorOptions(
        latency_model=LatencyModel.BATCH,
        latency_s=0.45,
        load=0.02,
        requests_per_min=40.0,
        faults=((Fault.SLOW, 0.015), (Fault.HANG, 0.003), (Fault.FENCE, 0.02)),
    ),
    "demo": _DEMO,
}
"""calm: no faults, no limit. sarvam: the Starter plan as reported. demo: a day in the life, every three minutes."""
