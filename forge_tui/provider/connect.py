"""From an endpoint to something that answers batches: the HTTP client, the simulator behind it, or the local rules."""

import httpx

from forge_tui.core.clock import Clock
from forge_tui.provider.chat_client import ChatClient
from forge_tui.provider.key_auth import auth_for
from forge_tui.provider.local_rules import LocalRules
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.transport import SimulatorTransport
from forge_tui.provider.transport import open_transport
from forge_tui.settings import Settings

SIMULATED_KEY = "sk_sim_ok"

Provider = ChatClient | LocalRules
Transport = httpx.AsyncBaseTransport


def connect(
    settings: Settings,
    endpoint: Endpoint,
    secret: Secret | None,
    *,
    clock: Clock,
    transport: Transport | None = None,
) -> Provider:
    """The provider behind `endpoint`; `transport` stands in for the network (tests, the simulator).

    Raises KeyRefused when the key may not travel to the endpoint, SettingsRefused for a bad --sim.
    """
    if endpoint.provider == "local":
        return LocalRules(clock=clock)
    if endpoint.provider == "simulated":
        secret = secret or Secret(SIMULATED_KEY)
        transport = transport or SimulatorTransport(SimulatedProvider(parse_options(settings.sim)), clock)
    auth = auth_for(endpoint, secret, allow_http=settings.allow_http)
    transport = transport or open_transport(endpoint.base_url, proxy=settings.proxy)
    return ChatClient(endpoint, auth, clock=clock, transport=transport)
