"""The failure table: for every code what the breaker hears, who pays an attempt, what the job does, what to advise."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Code(StrEnum):
    """Stable names of everything that can go wrong; they are API for scripts and never renamed silently."""

    AUTH = "E-AUTH"
    QUOTA = "E-QUOTA"
    MODEL = "E-MODEL"
    REDIRECT = "E-REDIRECT"
    TLS = "E-TLS"
    RATE = "E-RATE"
    RATE_LONG = "E-RATE-LONG"
    SERVER = "E-5XX"
    TIMEOUT = "E-TIMEOUT"
    NETWORK = "E-NET"
    POOL = "E-POOL"
    REQUEST = "E-REQ"
    TOO_LONG = "E-TOOLONG"
    JSON = "E-JSON"
    SCHEMA = "E-SCHEMA"
    LENGTH = "E-LENGTH"
    FILTER = "E-FILTER"
    BUDGET = "E-BUDGET"
    INPUT = "E-INPUT"
    ENCODING = "E-ENC"
    DISK = "E-DISK"
    DATABASE = "E-DB"
    LOCKED = "E-LOCKED"
    BUG = "E-BUG"
    DROPPED = "E-DROPPED"


class Verdict(Enum):
    """What the circuit breaker hears of one request."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


class Burn(Enum):
    """Whose counter a fault takes an attempt from."""

    NOBODY = "nobody"
    SERVICE = "service"
    TICKET = "ticket"


class JobEffect(Enum):
    """What the fault does to the whole job."""

    NONE = "none"
    PAUSE = "pause"
    HALT = "halt"


class RetryHelps(StrEnum):
    """Whether an operator's retry of a failed ticket is likely to end better now."""

    NOW = "now"
    UNLIKELY = "unlikely"
    NO = "no"


@dataclass(frozen=True, slots=True)
class FailureRule:
    """One row of the table; what burns the ticket's own attempts is first asked again in half the company."""

    burn: Burn
    breaker: Verdict
    job_effect: JobEffect
    retry_helps: RetryHelps
    advice: str


def _halt(advice: str) -> FailureRule:
    return FailureRule(Burn.NOBODY, Verdict.NEUTRAL, JobEffect.HALT, RetryHelps.NOW, advice)


def _pause(advice: str) -> FailureRule:
    return FailureRule(Burn.NOBODY, Verdict.NEUTRAL, JobEffect.PAUSE, RetryHelps.NOW, advice)


def _service(advice: str) -> FailureRule:
    return FailureRule(Burn.SERVICE, Verdict.FAILURE, JobEffect.NONE, RetryHelps.NOW, advice)


def _unusable(advice: str, helps: RetryHelps) -> FailureRule:
    # A 2xx read to its end is a sign of life, whatever it says: the breaker hears a success.
    return FailureRule(Burn.TICKET, Verdict.SUCCESS, JobEffect.NONE, helps, advice)


RULES: dict[Code, FailureRule] = {
    Code.AUTH: _halt(
        "The API key was refused (or the credits are spent). Set the key, then resume. No ticket was lost."
    ),
    Code.QUOTA: _halt("The account is out of credit. Add credit or raise the limit, then resume."),
    Code.MODEL: _halt("The endpoint refuses the model or a setting. Correct --model or the setting, then resume."),
    Code.REDIRECT: _halt("The base URL redirects. Set the final one with --base-url, then resume."),
    Code.TLS: _halt("The host's certificate is not trusted (a proxy?). Correct it, then resume."),
    Code.RATE: FailureRule(
        Burn.NOBODY,
        Verdict.NEUTRAL,
        JobEffect.NONE,
        RetryHelps.NOW,
        "The provider limits the rate. Waiting, then going on.",
    ),
    Code.RATE_LONG: _pause("The provider asks for a long wait (a daily limit?)."),
    Code.SERVER: _service("The provider fails. Waiting, then trying again."),
    Code.TIMEOUT: _service("No answer in time. Raise read_timeout_s if the model is slow."),
    Code.NETWORK: _service("The host cannot be reached. Check network, proxy and base URL."),
    Code.POOL: FailureRule(
        Burn.NOBODY, Verdict.NEUTRAL, JobEffect.NONE, RetryHelps.NOW, "The connection pool was rebuilt. Nothing to do."
    ),
    Code.REQUEST: FailureRule(
        Burn.TICKET,
        Verdict.NEUTRAL,
        JobEffect.NONE,
        RetryHelps.UNLIKELY,
        "The provider rejected this ticket.",
    ),
    Code.TOO_LONG: FailureRule(
        Burn.TICKET,
        Verdict.NEUTRAL,
        JobEffect.NONE,
        RetryHelps.NO,
        "The ticket is too long for the model. Set max_ticket_chars or split it.",
    ),
    Code.JSON: _unusable("The model did not return JSON. What it said is kept with the request.", RetryHelps.UNLIKELY),
    Code.SCHEMA: _unusable("The model's answer does not fit the schema.", RetryHelps.UNLIKELY),
    Code.LENGTH: _unusable(
        "The answer was cut. Raise max_output_tokens, or switch the model's reasoning off (extra_body).", RetryHelps.NOW
    ),
    Code.FILTER: FailureRule(
        Burn.TICKET,
        Verdict.SUCCESS,
        JobEffect.NONE,
        RetryHelps.NO,
        "The provider's filter refused this ticket. Label it by hand.",
    ),
    Code.BUDGET: _pause("The budget is reached. Raise it with --max-cost, then resume."),
    Code.INPUT: FailureRule(
        Burn.NOBODY,
        Verdict.NEUTRAL,
        JobEffect.NONE,
        RetryHelps.NO,
        "Correct the row in the input file and run the file again.",
    ),
    Code.ENCODING: FailureRule(
        Burn.NOBODY, Verdict.NEUTRAL, JobEffect.NONE, RetryHelps.NO, "Save the file as UTF-8 and run it again."
    ),
    Code.DISK: _pause("The disk is full or read-only. Free space."),
    Code.DATABASE: _halt("The database is damaged or not ours; it was not touched. Name another with --db."),
    Code.LOCKED: _halt("The database is in use by another process. Name another with --db."),
    Code.DROPPED: FailureRule(
        Burn.NOBODY, Verdict.NEUTRAL, JobEffect.NONE, RetryHelps.NOW, "Stopped before the answer came. Resume the job."
    ),
    Code.BUG: FailureRule(
        Burn.TICKET,
        Verdict.NEUTRAL,
        JobEffect.NONE,
        RetryHelps.UNLIKELY,
        "An internal error; details are in the log file.",
    ),
}
