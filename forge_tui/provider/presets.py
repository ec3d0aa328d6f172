"""Which endpoint a run talks to: what each provider needs and costs, with the operator's settings over it."""

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from forge_tui.core.errors import SettingsRefused
from forge_tui.core.outcome import Price
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY, Taxonomy
from forge_tui.provider.local_words import vocabulary_version
from forge_tui.provider.prompt import PROMPT_VERSION, SCHEMA_VERSION, FormatKind
from forge_tui.settings import Settings

ProviderName = Literal["sarvam", "sarvam-v2", "openai", "local", "simulated"]
AuthScheme = Literal["none", "bearer", "sarvam"]

SIMULATED_BASE_URL = "https://simulator.invalid/v1"
# What a request says of its own accord, and what would make its answer another than the one that is read.
OUR_FIELDS = frozenset(
    {
        *("model", "messages", "temperature", "max_tokens", "max_completion_tokens"),
        *("response_format", "stream", "n"),
    }
)
FORMAT_LADDER: tuple[FormatKind, ...] = ("json_schema", "json_object", "none")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model behind one base URL, and all that shapes a request to it.

    `reasoning` holds the request fields that switch reasoning off, `extra_body` the operator's own; `formats` the ladder of reply formats, best
    first; limits are per minute, None where there is none; `context_tokens` is what prompt and answer may come to,
    None where it is not known. `why` says for people which provider was taken.
    """

    provider: ProviderName
    base_url: str
    model: str
    auth: AuthScheme
    why: str
    reasoning: Mapping[str, object] = field(default_factory=dict)
    extra_body: Mapping[str, object] = field(default_factory=dict)
    formats: tuple[FormatKind, ...] = FORMAT_LADDER
    requests_per_min: float | None = None
    tokens_per_min: float | None = None
    burst: int = 1
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    write_timeout_s: float = 10.0
    total_timeout_s: float = 120.0
    temperature: float = 0.0
    max_output_tokens: int = 2048
    context_tokens: int | None = None
    price: Price | None = None
    taxonomy: Taxonomy = SUPPORT_TAXONOMY

    @property
    def host(self) -> str:
        """Host and port as written in the base URL; empty for the provider inside the process."""
        return urlsplit(self.base_url).netloc

    @property
    def is_free(self) -> bool:
        """Nothing is billed, so that nothing need be said of a price; without one elsewhere the cost is unknown."""
        return is_free(self.provider, self.base_url, priced=self.price is not None)

    @property
    def fingerprint(self) -> str:
        """Changes with all that shapes an answer, never with batch size or output limit: part of the cache key."""
        parts = (
            self.provider,
            self.base_url,
            self.model,
            PROMPT_VERSION,
            SCHEMA_VERSION,
            self.taxonomy.fingerprint,
            self.temperature,
            sorted((dict(self.reasoning) | dict(self.extra_body)).items()),
            *((vocabulary_version(),) if self.provider in {"local", "simulated"} else ()),
        )
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Preset:
    auth: AuthScheme
    base_url: str | None = None
    model: str | None = None
    reasoning: Mapping[str, object] = field(default_factory=dict)
    requests_per_min: float | None = None
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0


# Sarvam answers 400 to "none" on /v1 and reasons (billed as output) where the field is missing: explicit null.
# 36 requests a minute are 90 % of its Starter plan. Live probes of 2026-09-26.
_SARVAM = _Preset(
    auth="sarvam",
    base_url="https://api.sarvam.ai/v1",
    model="sarvam-105b",
    reasoning={"reasoning_effort": None},
    requests_per_min=36.0,
    connect_timeout_s=10.0,
    read_timeout_s=60.0,
)
_SARVAM_V2 = _Preset(
    auth="sarvam",
    base_url="https://api.sarvam.ai/v2",
    model="sarvam-105b",
    reasoning={"reasoning_effort": "none"},
    requests_per_min=36.0,
    connect_timeout_s=10.0,
    read_timeout_s=60.0,
)
_SIMULATED = _Preset(
    auth="sarvam",
    base_url=SIMULATED_BASE_URL,
    model="sarvam-105b",
    reasoning={"reasoning_effort": None},
    connect_timeout_s=10.0,
    read_timeout_s=60.0,
)
_PRESETS: dict[ProviderName, _Preset] = {
    "sarvam": _SARVAM,
    "sarvam-v2": _SARVAM_V2,
    "openai": _Preset(auth="bearer"),
    "simulated": _SIMULATED,
}


def _inr(input_per_million: float, output_per_million: float, cached_input_per_million: float) -> Price:
    return Price("INR", input_per_million, output_per_million, cached_input_per_million, 95.92, "2026-09-20")


# Sarvam's public price table of 2026-09-20; gemma4 has no price for cached input.
_SARVAM_PRICES = {
    "sarvam-105b": _inr(29.28, 73.2, 10.98),
    "sarvam-105b-conversations": _inr(29.28, 73.2, 10.98),
    "glm5.3-flash": _inr(13.5, 45.0, 2.5),
    "gemma4": _inr(36.6, 91.5, 36.6),
    "glm5.3": _inr(126.0, 396.0, 126.0),
}


# Prompt and answer together, from the provider's pages of 2026-09-20; more is refused with 422.
_SARVAM_CONTEXTS = {
    "sarvam-105b": 128_000,
    "sarvam-105b-conversations": 32_000,
    "glm5.3-flash": 1_048_576,
    "gemma4": 131_072,
    "glm5.3": 1_048_576,
}


def resolve(settings: Settings, *, has_key: bool) -> Endpoint:
    """The endpoint that `settings` ask for; without a provider Sarvam where there is a key, else the local rules.

    Raises SettingsRefused when the provider needs a base URL, a model or a price that was not given.
    """
    provider, why = _provider(settings, has_key=has_key)
    if provider == "local":
        return Endpoint("local", "", "local-rules", "none", why, formats=("none",))
    preset = _PRESETS[provider]
    base_url = _base_url(settings.base_url or preset.base_url)
    model = settings.model or preset.model
    if model is None:
        raise SettingsRefused("provider openai needs a model: name one with --model")
    return Endpoint(
        provider=provider,
        base_url=base_url,
        model=model,
        auth=preset.auth,
        why=why,
        reasoning=preset.reasoning,
        extra_body=_extra_body(settings.extra_body),
        requests_per_min=_limit(settings.requests_per_min, preset.requests_per_min),
        tokens_per_min=_limit(settings.tokens_per_min, None),
        burst=settings.burst_requests or 1,
        connect_timeout_s=settings.connect_timeout_s or preset.connect_timeout_s,
        read_timeout_s=settings.read_timeout_s or preset.read_timeout_s,
        write_timeout_s=settings.write_timeout_s,
        total_timeout_s=settings.total_timeout_s,
        temperature=settings.temperature,
        max_output_tokens=settings.max_output_tokens,
        context_tokens=settings.context_tokens or (None if preset.auth == "bearer" else _SARVAM_CONTEXTS.get(model)),
        price=_price(settings, None if preset.auth == "bearer" else _SARVAM_PRICES.get(model)),
    )


def _provider(settings: Settings, *, has_key: bool) -> tuple[ProviderName, str]:
    if settings.provider is not None:
        return settings.provider, f"provider {settings.provider}, as set"
    if settings.base_url is not None:
        raise SettingsRefused("--base-url needs --provider: sarvam, sarvam-v2 or openai")
    if has_key:
        return "sarvam", "provider sarvam, because a key is set"
    return "local", "provider local (keyword rules, no AI), because no key is set"


def _extra_body(fields: Mapping[str, object]) -> Mapping[str, object]:
    if taken := sorted(OUR_FIELDS & fields.keys()):
        raise SettingsRefused(f"extra_body must leave {', '.join(taken)} to this program")
    return fields


def _limit(setting: float | None, preset: float | None) -> float | None:
    """A set limit wins over the preset's; 0 takes it off."""
    return preset if setting is None else setting or None


def _base_url(base_url: str | None) -> str:
    if base_url is None:
        raise SettingsRefused("provider openai needs the address of a server: set it with --base-url")
    parts = _split(base_url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsRefused("--base-url must look like https://host/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsRefused("--base-url must hold no user, password, query or fragment; a key has its own variable")
    return base_url.rstrip("/")


def _split(url: str) -> SplitResult | None:
    """The parts of `url` with a port in range, or None."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if url.isascii() and url.isprintable() and " " not in url else None


def _price(settings: Settings, preset: Price | None) -> Price | None:
    """The preset's price with each field that is set over it; None where nothing is known."""
    per_input = settings.price_input_per_million
    per_output = settings.price_output_per_million
    per_cached = settings.price_cached_input_per_million
    if preset is None:
        if per_input is None and per_output is None and per_cached is None:
            return None
        if per_input is None or per_output is None:
            raise SettingsRefused("a price needs both price_input_per_million and price_output_per_million")
        if settings.price_currency not in {None, "USD"} and settings.price_usd_rate is None:
            raise SettingsRefused("a price in another currency needs price_usd_rate: its units per US dollar")
        preset = Price("USD", per_input, per_output, per_input, 1.0, "")
    return Price(
        currency=settings.price_currency or preset.currency,
        input_per_million=_set_or(per_input, preset.input_per_million),
        output_per_million=_set_or(per_output, preset.output_per_million),
        cached_input_per_million=_set_or(per_cached, preset.cached_input_per_million),
        usd_rate=_set_or(settings.price_usd_rate, preset.usd_rate),
        as_of=settings.price_as_of or preset.as_of,
    )


def _set_or(setting: float | None, preset: float) -> float:
    return preset if setting is None else setting


def is_free(provider: str, base_url: str, *, priced: bool) -> bool:
    """Whether requests there are billed by nobody: rules and simulation in this process, an unpriced server beside it."""
    return provider in {"local", "simulated"} or (not priced and is_loopback(base_url))


def is_loopback(base_url: str) -> bool:
    """Whether `base_url` stays inside this computer."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
