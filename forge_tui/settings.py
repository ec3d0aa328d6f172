"""Every setting with its unit: defaults < TOML file < environment (`FORGE_...`) < flags, frozen once made."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _from_json(value: object) -> object:
    """A variable holds a table as a JSON object; a TOML file holds the table itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("should be a JSON object") from None


def _from_share(value: object) -> object:
    """`0.5%` as people write it, or 0.005."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        return float(text.removesuffix("%")) / 100 if text.endswith("%") else value
    except ValueError:
        return value


Table = BeforeValidator(_from_json)
Share = BeforeValidator(_from_share)


class Settings(BaseModel):
    """What a run is told. A field left None takes the provider preset's value (`provider/presets.py`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # provider
    provider: Literal["sarvam", "sarvam-v2", "openai", "local", "simulated"] | None = None
    base_url: str | None = None
    model: str | None = None
    key_file: Path | None = None
    allow_http: bool = False
    proxy: str | None = None
    sim: str = ""
    temperature: float = Field(0.0, ge=0, le=2)
    max_output_tokens: int = Field(2048, ge=64, le=128_000)
    extra_body: Annotated[Mapping[str, Any], Table] = Field(default_factory=dict)
    context_tokens: int | None = Field(None, ge=1000)
    connect_timeout_s: float | None = Field(None, gt=0)
    read_timeout_s: float | None = Field(None, gt=0)
    write_timeout_s: float = Field(10.0, gt=0)
    total_timeout_s: float = Field(120.0, gt=0)

    # price, in the provider's currency per million tokens; the preset's price carries its date
    price_currency: str | None = None
    price_input_per_million: float | None = Field(None, ge=0)
    price_output_per_million: float | None = Field(None, ge=0)
    price_cached_input_per_million: float | None = Field(None, ge=0)
    price_usd_rate: float | None = Field(None, gt=0)
    price_as_of: str | None = None

    # flow
    concurrency: int = Field(10, ge=1, le=2000)
    requests_per_min: float | None = Field(None, ge=0)
    tokens_per_min: float | None = Field(None, ge=0)
    burst_requests: int | None = Field(None, ge=1)
    batch_size: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    batch_cap_simple: int = Field(20, ge=1, le=100)
    batch_cap_medium: int = Field(10, ge=1, le=100)
    batch_cap_complex: int = Field(5, ge=1, le=100)
    batch_prompt_tokens: int = Field(6000, ge=500)
    batch_output_tokens: int = Field(1500, ge=100)
    alone_over_tokens: int = Field(1500, ge=100)
    fair_every_batches: int = Field(10, ge=0)
    audit_share: Annotated[float, Share] = Field(0.0, ge=0, le=1)
    max_cost: float | None = Field(None, gt=0)
    max_outage_s: float | None = Field(None, gt=0)
    grace_s: float = Field(20.0, ge=0)
    canary_requests: int = Field(5, ge=0)

    # retry
    max_attempts: int = Field(3, ge=1, le=10)
    max_service_attempts: int = Field(6, ge=1, le=50)
    backoff_base_s: float = Field(1.0, gt=0)
    backoff_cap_s: float = Field(60.0, gt=0)
    backoff_jitter: float = Field(0.2, ge=0, le=0.9)

    # circuit breaker; a share or a row of 0 restores the original's bare count
    breaker_enabled: bool = True
    breaker_failures: int = Field(5, ge=1)
    breaker_window_s: float = Field(20.0, ge=5)
    breaker_share: float = Field(0.5, ge=0, le=1)
    breaker_share_of_last: int = Field(20, ge=1)
    breaker_in_a_row: int = Field(5, ge=0)
    breaker_open_s: float = Field(30.0, ge=5)
    breaker_open_factor: float = Field(2.0, ge=1)
    breaker_open_max_s: float = Field(300.0, ge=5)

    # intake, cache, store
    text_column: str | None = None
    id_column: str | None = None
    max_ticket_chars: int = Field(8000, ge=0)
    limit: int | None = Field(None, ge=1)
    use_cache: bool = True
    cache_ttl_s: float = Field(86_400.0, ge=0)
    db: Path | None = None
    output: Path | None = None
    force: bool = False
    csv_raw: bool = False
    seed: int | None = None

    # ETA
    ewma_alpha: float = Field(0.3, gt=0, le=1)
    default_latency_s: float = Field(1.2, gt=0)
    eta_after_tickets: int = Field(20, ge=1)

    # log and screen
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    refresh_hz: float = Field(4.0, gt=0, le=10)
    keys: Annotated[Mapping[str, str], Table] = Field(default_factory=dict)
