"""What makes a job the same job, its content, and under which endpoint and settings it runs."""

import hashlib
from dataclasses import replace

from forge_tui.core.job import JobRecord, JobSpec
from forge_tui.pipeline.ingest import Inputs
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.prompt import PROMPT_VERSION
from forge_tui.settings import Settings

# Settings that make no job another one and would only clutter what the store keeps of it.
_NOT_STORED = {"db", "output", "key_file", "force"}
# Settings that make other rows of the same files.
_SHAPING = ("limit", "max_ticket_chars", "id_column")


def spec_of(inputs: Inputs, settings: Settings, endpoint: Endpoint) -> JobSpec:
    """The job that these inputs are under these settings."""
    content = JobSpec(
        files=inputs.files,
        input_sha256=content_id(inputs.sha256(), settings),
        text_column=inputs.text_column,
        provider=endpoint.provider,
        base_url=endpoint.base_url,
        model=endpoint.model,
        prompt_version=PROMPT_VERSION,
    )
    return under(content, settings, endpoint)


def under(content: JobSpec, settings: Settings, endpoint: Endpoint) -> JobSpec:
    """The same content under another endpoint and other settings."""
    stored = settings.model_dump(mode="json", exclude=_NOT_STORED, exclude_defaults=True)
    return replace(
        content,
        provider=endpoint.provider,
        base_url=endpoint.base_url,
        model=endpoint.model,
        settings=stored | _money(endpoint) | _limits(settings, endpoint),
    )


def settings_of(job: JobRecord) -> dict[str, object]:
    """The settings that a stored job ran under, by field: what going on with it starts from."""
    known = {"provider": job.spec.provider, "model": job.spec.model, **job.spec.settings}
    if job.spec.base_url and job.spec.provider in {"openai", "sarvam", "sarvam-v2"}:
        known["base_url"] = job.spec.base_url
    if job.spec.provider == "local":
        del known["model"]
    return {name: value for name, value in known.items() if name in Settings.model_fields}


def content_id(sha256: str, settings: Settings) -> str:
    """The files' SHA-256, or one of it and of the settings that make other rows of the same files."""
    shaping = {name: getattr(settings, name) for name in _SHAPING}
    changed = {name: value for name, value in shaping.items() if value != Settings.model_fields[name].default}
    return hashlib.sha256(f"{sha256}:{sorted(changed.items())}".encode()).hexdigest() if changed else sha256


def _limits(settings: Settings, endpoint: Endpoint) -> dict[str, object]:
    """What a reader of the store needs to say how much of each limit a job has used."""
    limits = {
        "slots": settings.concurrency,
        "requests_per_min": endpoint.requests_per_min,
        "tokens_per_min": endpoint.tokens_per_min,
    }
    return {"limits": {name: limit for name, limit in limits.items() if limit is not None}}


def _money(endpoint: Endpoint) -> dict[str, object]:
    """What a reader of the store needs to name the job's cost, also after the price has changed."""
    price = endpoint.price
    if price is None:
        return {}
    return {"currency": price.currency, "usd_rate": price.usd_rate, "price_as_of": price.as_of}
