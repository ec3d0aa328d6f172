"""The options of the command line, told once: their names are the fields of Settings, which judges their values."""

from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Flag = tuple[str, object, str]

DB = click.option("--db", metavar="PATH", help="The database: jobs, results, cache.")
SIM = click.option("--sim", metavar="KEY=VALUE,...", help="Simulator: latency, error_rate, rate_limit_rate, rpm, seed.")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
OUTPUT_RULES = (
    click.option("--force", is_flag=True, help="Replace the results of another job in the output folder."),
    click.option("--csv-raw", is_flag=True, help="Write CSV cells as they are: no formula guard, no cleaning."),
)
PROVIDER = (
    click.option(
        "--provider", metavar="NAME", help="sarvam, openai, local or simulated [sarvam with a key, else local]."
    ),
    click.option("--base-url", metavar="URL", help="The endpoint, without /chat/completions."),
    click.option("--model", metavar="NAME", help="The model to ask."),
    click.option("--key-file", metavar="FILE", help="Read the API key from a file that only you can read."),
    click.option("--allow-http", is_flag=True, help="Send the key over plain http to another host."),
    SIM,
)
RUN = (
    click.option("--output", metavar="DIR", help="Where results go [<stem of the first file>-results]."),
    *PROVIDER,
    click.option("--concurrency", metavar="N", help="Most requests in flight [10]."),
    click.option("--rpm", "requests_per_min", metavar="N", help="Most requests a minute, 0 for no limit."),
    click.option("--batch-size", metavar="N", help="Most tickets in one request [auto: as the limit asks]."),
    click.option(
        "--audit",
        "audit_share",
        metavar="SHARE",
        help="Ask this share (0.5%) of batched tickets again alone and tell how far the answers agree.",
    ),
    click.option("--max-attempts", metavar="N", help="Attempts for what a ticket itself causes [3]."),
    click.option("--text-column", metavar="NAME", help="The column that holds the text."),
    click.option("--id-column", metavar="NAME", help="The column that holds the input's own id."),
    DB,
    click.option(
        "--no-cache", "use_cache", is_flag=True, flag_value=False, default=True, help="Ask again, cached or not."
    ),
    click.option(
        "--max-outage",
        "max_outage_s",
        metavar="SECONDS",
        help="End a run without an answer for so long, or told to wait longer.",
    ),
    click.option("--proxy", metavar="URL", help="Send requests through this proxy; none is taken from elsewhere."),
    click.option("--max-cost", metavar="AMOUNT", help="Stop before it costs more, in the currency of the price."),
    click.option("--limit", metavar="N", help="Read the first N rows only."),
    *OUTPUT_RULES,
)


def several(*chosen: Decorator) -> Decorator:
    """Several options as one decorator, shown in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(chosen):
            command = option(command)
        return command

    return decorate


def typed_flags() -> list[Flag]:
    """What was typed of the settings on this command line: field, value, the flag's spelling."""
    context = click.get_current_context()
    return [
        (parameter.name, context.params[parameter.name], parameter.opts[0])
        for parameter in context.command.params
        if isinstance(parameter, click.Option)
        and parameter.name not in NO_SETTINGS
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]


NO_SETTINGS = frozenset(
    {
        *("as_json", "ascii_only", "batch", "dry_run", "events", "fresh", "job", "older_than", "port", "probe"),
        *("resume", "retry_failed", "version", "help", "yes"),
    }
)
