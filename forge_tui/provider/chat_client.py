"""The one HTTP client: a batch goes out as one chat completion, and comes home as a Reply or a CallFault."""

import logging
import zlib
from collections.abc import Iterable
from dataclasses import replace

import httpx

from forge_tui import __version__
from forge_tui.core.clock import Clock
from forge_tui.core.failure import Code
from forge_tui.core.outcome import CallFault, Paid, Reply, Usage
from forge_tui.core.ticket import Batch
from forge_tui.provider.connection_faults import fault_of_exception
from forge_tui.provider.envelope import Completion, ErrorEnvelope, read_completion, read_error, read_json
from forge_tui.provider.faults import HttpAnswer, fault_of, request_id_of, text_of
from forge_tui.provider.key_auth import KeyAuth
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.prompt import (
    CHARS_PER_TOKEN,
    TICKET_OVERHEAD_TOKENS,
    expected_output_tokens,
    prompt_overhead_tokens,
)
from forge_tui.provider.request_shape import RequestForm, adapted, first_shape, output_limit
from forge_tui.provider.retry_after import rate_hints
from forge_tui.provider.transport import open_transport

MOST_REPLY_BYTES = 1024 * 1024

_GZIP_WINDOW = 31


class _UnusableBody(Exception):
    """The body was given up while it came: too late, too big, or packed in a way nobody asked for."""

    def __init__(self, code: Code, message: str, http_status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status


class ChatClient:
    """Sends batches to one endpoint and remembers for the job what that server would not take.

    It limits nothing and retries nothing: slots, gates and attempts are the engine's.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        auth: KeyAuth | None,
        *,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        # At DEBUG httpcore, which carries requests to a proxy, writes headers.
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        self._endpoint = endpoint
        self._auth = auth
        self._clock = clock
        self._form = RequestForm(endpoint, first_shape(endpoint))
        # Without httpx.AsyncClient, whose redirects, cookies and environment we would switch off, and whose merging of
        # headers took half of what a request cost (measured).
        self._transport = transport or open_transport(endpoint.base_url)
        self._url = httpx.URL(f"{endpoint.base_url}/chat/completions")
        self._headers = httpx.Headers(
            {
                "Host": self._url.netloc.decode("ascii"),
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "User-Agent": f"forge_tui/{__version__}",
            }
        )
        self._extensions = {"timeout": _timeouts(endpoint).as_dict()}

    async def send(self, batch: Batch) -> Reply | CallFault:
        """One HTTP request; raises nothing but CancelledError."""
        form = self._form
        started = self._clock.monotonic()
        outcome = await self._outcome(batch, form, started)
        if isinstance(outcome, CallFault) and outcome.paid is not Paid.UNPAID and not outcome.usage.total_tokens:
            return replace(outcome, usage=estimated_usage(batch))
        return outcome

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _outcome(self, batch: Batch, form: RequestForm, started: float) -> Reply | CallFault:
        try:
            answer = await self._exchange(form.body(batch), started)
        except _UnusableBody as error:
            latency_s = self._clock.monotonic() - started
            return CallFault(error.code, error.message, latency_s, error.http_status, paid=Paid.UNKNOWN)
        # A transport may raise outside httpx's own tree, and a slot must come home whatever happens.
        except Exception as error:  # noqa: BLE001
            return fault_of_exception(error, self._endpoint.host, self._clock.monotonic() - started)
        return self._read(answer, batch, form)

    async def _exchange(self, content: bytes, started: float) -> HttpAnswer:
        response = await self._transport.handle_async_request(self._request(content))
        try:
            body = await self._body(response, started)
        finally:
            await response.aclose()
        return HttpAnswer(
            status=response.status_code,
            headers=self._read_headers(response.headers.raw),
            body=body,
            latency_s=self._clock.monotonic() - started,
            received_at=self._clock.wall(),
        )

    def _request(self, content: bytes) -> httpx.Request:
        request = httpx.Request("POST", self._url, headers=self._headers, content=content, extensions=self._extensions)
        return request if self._auth is None else next(self._auth.auth_flow(request))

    def _read_headers(self, raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """Names in lower case; of a header that comes twice the last one, as no header read here is a list."""
        return {name.decode("latin-1").lower(): self._redact(value.decode("latin-1")) for name, value in raw}

    async def _body(self, response: httpx.Response, started: float) -> bytes:
        raw = bytearray()
        deadline = started + self._endpoint.total_timeout_s
        # Raw, because httpx would unpack a whole gzip bomb before we could count it.
        async for chunk in response.aiter_raw():
            raw += chunk
            if len(raw) > MOST_REPLY_BYTES:
                raise _UnusableBody(Code.JSON, "the reply is longer than 1 MiB", response.status_code)
            if self._clock.monotonic() >= deadline:
                message = f"no whole answer within {self._endpoint.total_timeout_s:g} s"
                raise _UnusableBody(Code.TIMEOUT, message, response.status_code)
        return _unpacked(bytes(raw), response)

    def _redact(self, text: str) -> str:
        return self._auth.redact(text) if self._auth else text

    def _read(self, answer: HttpAnswer, batch: Batch, form: RequestForm) -> Reply | CallFault:
        document = read_json(answer.body)
        error = read_error(document)
        if error is None and answer.status < 300:
            completion = read_completion(document)
            if completion is None:
                return _no_completion(answer)
            return _reply(answer, replace(completion, content=self._redact(completion.content)), batch)
        fault = self._fault(answer, error or ErrorEnvelope())
        return self._adapted(fault, text_of(answer, error or ErrorEnvelope()), batch, form)

    def _fault(self, answer: HttpAnswer, error: ErrorEnvelope) -> CallFault:
        # Redacted before it is cut: half a key would slip through.
        shown = self._redact(text_of(answer, error))
        return fault_of(answer, replace(error, message=shown, request_id=self._redact(error.request_id)))

    def _adapted(self, fault: CallFault, text: str, batch: Batch, form: RequestForm) -> CallFault:
        """`fault`, marked when the request can go again in another shape."""
        step = adapted(form.shape, fault.http_status or 0, text, output_limit(batch, form.shape))
        if step is None:
            return fault
        # Another request of the same old shape may have been refused, and answered, before this one.
        if self._form is form:
            self._form = RequestForm(self._endpoint, step[0])
        return replace(fault, code=Code.MODEL, message=f"{step[1]} ({fault.message})", adapted=True)


def _timeouts(endpoint: Endpoint) -> httpx.Timeout:
    return httpx.Timeout(
        connect=endpoint.connect_timeout_s,
        read=min(endpoint.read_timeout_s, endpoint.total_timeout_s),
        write=endpoint.write_timeout_s,
        pool=endpoint.connect_timeout_s,
    )


def _unpacked(raw: bytes, response: httpx.Response) -> bytes:
    """The body itself, should a server pack it although we asked for it as it is."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return raw
    try:
        if encoding == "gzip":
            unpacked = zlib.decompressobj(_GZIP_WINDOW).decompress(raw, MOST_REPLY_BYTES + 1)
            if len(unpacked) <= MOST_REPLY_BYTES:
                return unpacked
    except zlib.error:
        pass
    raise _UnusableBody(Code.JSON, "the reply is packed and cannot be unpacked", response.status_code)


def _no_completion(answer: HttpAnswer) -> CallFault:
    return CallFault(
        Code.JSON,
        "the answer is no chat completion",
        answer.latency_s,
        answer.status,
        request_id_of(answer),
        paid=Paid.UNKNOWN,
        hints=rate_hints(answer.headers, answer.received_at),
    )


def _reply(answer: HttpAnswer, completion: Completion, batch: Batch) -> Reply:
    return Reply(
        content=completion.content,
        finish_reason=completion.finish_reason,
        usage=completion.usage or estimated_usage(batch, completion.content),
        latency_s=answer.latency_s,
        http_status=answer.status,
        request_id=request_id_of(answer),
        hints=rate_hints(answer.headers, answer.received_at),
    )


def estimated_usage(batch: Batch, content: str | None = None) -> Usage:
    """What a request must have cost that nobody counted; without `content` the answer is taken to be as expected."""
    prompt_tokens = prompt_overhead_tokens() + sum(ticket.tokens + TICKET_OVERHEAD_TOKENS for ticket in batch.tickets)
    if content is None:
        completion_tokens = expected_output_tokens(len(batch.tickets))
    else:
        completion_tokens = -(-len(content) // CHARS_PER_TOKEN)
    return Usage(prompt_tokens, completion_tokens, estimated=True)
