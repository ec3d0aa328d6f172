"""What a transport raised, as a CallFault: the one border between httpx's exceptions and our codes."""

import socket
import ssl
import traceback
from collections.abc import Iterator

import httpx

from forge_tui.core.failure import Code
from forge_tui.core.outcome import CallFault, Paid


def fault_of_exception(error: Exception, host: str, latency_s: float) -> CallFault:
    """The fault behind `error`. Its text is never repeated: it may hold a URL's query or a header's value."""
    match error:
        case httpx.PoolTimeout():
            return CallFault(Code.POOL, "no connection of ours became free", latency_s)
        case httpx.ConnectError() if _is_untrusted(error):
            return CallFault(Code.TLS, f"{host}: {_reason(error)}", latency_s, never_connected=True)
        case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.ProxyError():
            return CallFault(
                Code.NETWORK, f"cannot connect to {host}: {_reason(error)}", latency_s, never_connected=True
            )
        case httpx.TimeoutException():
            return CallFault(Code.TIMEOUT, f"no answer from {host}: {_reason(error)}", latency_s, paid=Paid.UNKNOWN)
        case httpx.NetworkError() | httpx.RemoteProtocolError() | OSError():
            return CallFault(Code.NETWORK, f"{host} broke off: {_reason(error)}", latency_s, paid=Paid.UNKNOWN)
        case _:
            return CallFault(Code.BUG, f"{type(error).__name__} at {_place(error)}", latency_s, paid=Paid.UNKNOWN)


def _is_untrusted(error: Exception) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _reason(error: Exception) -> str:
    """The operating system's own words, which hold nothing of ours; else the kind of exception."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError | socket.gaierror | ConnectionError) and cause.strerror:
            return cause.strerror
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what led to it, innermost last; of a group of failed attempts each one."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            waiting.extend(cause.exceptions)
        waiting.extend(one for one in (cause.__context__, cause.__cause__) if one is not None)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "an unknown place"
