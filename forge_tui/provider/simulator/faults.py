"""Everything that can go wrong at the simulated provider, by name; what each HTTP fault says on the wire."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """One thing that goes wrong with one call; the values are the names `--sim` takes."""

    # on the wire
    REFUSED = "refused"
    BLACKHOLE = "blackhole"
    HANG = "hang"
    RESET = "reset"
    RESET_MID_BODY = "reset_mid_body"
    SHORT_BODY = "short_body"
    DRIP = "drip"
    SLOW = "slow"
    # an HTTP status, or an error where an answer should be
    RATE_LIMITED = "rate_limited"
    RATE_LIMITED_BARE = "rate_limited_bare"
    INTERNAL_ERROR = "internal_error"
    MODEL_CALL_ERROR = "model_call_error"
    BAD_GATEWAY = "bad_gateway"
    OVERLOADED = "overloaded"
    BILLING_UNAVAILABLE = "billing_unavailable"
    GATEWAY_TIMEOUT = "gateway_timeout"
    REJECTED = "rejected"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    REDIRECT = "redirect"
    ERROR_IN_200 = "error_in_200"
    EMPTY_BODY = "empty_body"
    NO_RESPONSE_FORMAT = "no_response_format"
    NO_JSON_SCHEMA = "no_json_schema"
    # the account
    REVOKED = "revoked"
    NO_CREDIT = "no_credit"
    # the text of the answer
    NULL_LENGTH = "null_length"
    EMPTY_CONTENT = "empty_content"
    FILTERED = "filtered"
    THINK = "think"
    ORPHAN_THINK = "orphan_think"
    UNCLOSED_THINK = "unclosed_think"
    FENCE = "fence"
    PROSE = "prose"
    GARBAGE = "garbage"
    TRAILING_COMMA = "trailing_comma"
    SINGLE_QUOTES = "single_quotes"
    SMART_QUOTES = "smart_quotes"
    TRUNCATED = "truncated"
    RESULTS_STRING = "results_string"
    RESULTS_OBJECT = "results_object"
    TOOL_CALLS = "tool_calls"
    # single fields of it
    BAD_LABEL = "bad_label"
    WRONG_CASE = "wrong_case"
    ID_MISSING = "id_missing"
    ID_DUPLICATE = "id_duplicate"
    ID_FOREIGN = "id_foreign"
    ID_REORDERED = "id_reordered"
    SWAPPED = "swapped"
    SUMMARY_MISSING = "summary_missing"
    SUMMARY_LONG = "summary_long"
    CONFIDENCE = "confidence"
    EMOJI = "emoji"
    CONTROL_CHARS = "control_chars"
    OBEYS = "obeys"


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An answer of the service that is no completion; without a `code` the body is HTML, or empty.

    `halts` says that calling again cannot help: a client has to stop its job.
    """

    status: int
    code: str | None
    message: str
    halts: bool = False


HTTP_FAULTS: dict[Fault, ErrorAnswer] = {
    Fault.RATE_LIMITED: ErrorAnswer(429, "rate_limit_exceeded_error", "Rate limit exceeded"),
    Fault.RATE_LIMITED_BARE: ErrorAnswer(429, None, ""),
    Fault.INTERNAL_ERROR: ErrorAnswer(500, "internal_server_error", "Internal server error"),
    Fault.MODEL_CALL_ERROR: ErrorAnswer(500, "model_call_error", "The model could not be called"),
    Fault.BAD_GATEWAY: ErrorAnswer(502, None, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    Fault.OVERLOADED: ErrorAnswer(503, "rate_limit_exceeded_error", "The service is under high load"),
    Fault.BILLING_UNAVAILABLE: ErrorAnswer(503, "billing_service_unavailable_error", "Billing service unavailable"),
    Fault.GATEWAY_TIMEOUT: ErrorAnswer(504, "gateway_timeout_error", "Gateway timeout"),
    Fault.REJECTED: ErrorAnswer(
        400, "invalid_request_error", "body.messages.1.user.content : The content was rejected"
    ),
    Fault.TOO_LARGE: ErrorAnswer(413, None, "<html><body><h1>413 Request Entity Too Large</h1></body></html>"),
    Fault.TOO_LONG: ErrorAnswer(
        422, "unprocessable_entity_error", "The request exceeds the model context window of 128000 tokens"
    ),
    Fault.REDIRECT: ErrorAnswer(307, None, ""),
    Fault.ERROR_IN_200: ErrorAnswer(200, "internal_server_error", "Internal server error"),
    Fault.EMPTY_BODY: ErrorAnswer(200, None, ""),
    Fault.NO_RESPONSE_FORMAT: ErrorAnswer(400, "invalid_request_error", "response_format is not supported"),
    Fault.NO_JSON_SCHEMA: ErrorAnswer(400, "invalid_request_error", "response_format json_schema is not supported"),
    Fault.REVOKED: ErrorAnswer(
        403, "invalid_api_key_error", "Invalid or missing authentication credentials", halts=True
    ),
    Fault.NO_CREDIT: ErrorAnswer(429, "insufficient_quota_error", "Insufficient quota", halts=True),
}

RATE_LIMITS = frozenset({Fault.RATE_LIMITED, Fault.RATE_LIMITED_BARE, Fault.OVERLOADED})
AT_THE_DOOR = RATE_LIMITS | {
    Fault.REVOKED,
    Fault.NO_CREDIT,
    Fault.REDIRECT,
    Fault.REJECTED,
    Fault.TOO_LARGE,
    Fault.NO_RESPONSE_FORMAT,
    Fault.NO_JSON_SCHEMA,
}
"""Answered before any model works: they take `reject_s`, not the latency of an answer."""
