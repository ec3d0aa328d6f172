"""A client for tests, with short timeouts, against whatever address the test names."""

from contextlib import asynccontextmanager

from forge_tui.core.clock import SystemClock
from forge_tui.provider.chat_client import ChatClient
from forge_tui.provider.key_auth import auth_for
from forge_tui.provider.presets import resolve
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings

CANARY = "sk-CANARY-7d20e1"


@asynccontextmanager
async def a_client(base_url, *, provider="openai", key=None, transport=None, **settings):
    given = {"model": "m", "connect_timeout_s": 0.3, "read_timeout_s": 0.3, "total_timeout_s": 2.0} | settings
    endpoint = resolve(Settings(provider=provider, base_url=base_url, **given), has_key=True)
    secret = Secret(key) if key else None
    auth = auth_for(endpoint, secret, allow_http=False)
    client = ChatClient(endpoint, auth, clock=SystemClock(), transport=transport)
    try:
        yield client
    finally:
        await client.aclose()
