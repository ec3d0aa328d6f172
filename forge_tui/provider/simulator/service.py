"""The simulated provider itself: a request and the time in, a timed reply out; no sockets and no waiting.

chat call -> fault (script, else phase, else chance) -> silence | key 403 -> JSON 400 -> fault at the door
-> rate bucket 429 -> quota 429 -> validation 4xx -> fault of the service -> the model's answer
"""

import hashlib
import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forge_tui.core.errors import SettingsRefused
from forge_tui.provider.simulator import validation
from forge_tui.provider.simulator.account import TokenBucket, account_of, has_quota
from forge_tui.provider.simulator.faults import AT_THE_DOOR, HTTP_FAULTS, RATE_LIMITS, ErrorAnswer, Fault
from forge_tui.provider.simulator.latency import answer_delay_s
from forge_tui.provider.simulator.model import complete
from forge_tui.provider.simulator.options import RateHeaders, SimulatorOptions
from forge_tui.provider.simulator.options_text import parse_script
from forge_tui.provider.simulator.rate_headers import ToldWait, limit_headers, tell_wait
from forge_tui.provider.simulator.replies import (
    Stamp,
    completion_reply,
    control_reply,
    error_reply,
    models_reply,
    new_request_id,
)
from forge_tui.provider.simulator.stats import Stats
from forge_tui.provider.simulator.wire import Delivery, Exchange, NoReply, SimReply, SimRequest

_DELIVERIES: dict[Fault | None, Delivery] = {
    Fault.RESET_MID_BODY: Delivery.CUT,
    Fault.SHORT_BODY: Delivery.SHORT,
    Fault.DRIP: Delivery.DRIP,
}
# Where the tickets begin: a word of the system prompt stands in every call and poisons none.
_TICKETS = rb"\"tickets\""
_NOT_FOUND = ErrorAnswer(404, "not_found_error", "Not Found", halts=True)


@dataclass(frozen=True, slots=True)
class _Call:
    """One chat call on its way through the checks; `rng` is its own, keyed by seed, body and attempt."""

    now: float
    stamp: Stamp
    rng: random.Random
    fault: Fault | None


class SimulatedProvider:
    """One provider with its accounts; the doors wait as it says and give every exchange back to `ended`."""

    def __init__(self, options: SimulatorOptions) -> None:
        self.options = options
        self.stats = Stats()
        self._script = list(options.script)
        self._buckets: dict[str, TokenBucket] = {}
        self._prefixes: set[str] = set()

    def accept(self, request: SimRequest, now: float, wall: float) -> Exchange:
        """Decide on a request that arrives at `now` (monotonic) and `wall` (Unix seconds)."""
        path = request.path.partition("?")[0]
        match request.method, path:
            case "POST", "/v1/chat/completions" | "/v2/chat/completions":
                return self._chat(request, path[1:3], now, wall)
            case "GET", "/v1/models":
                return models_reply(self._stamp(request, wall))
            case "GET", "/__sim/stats":
                return control_reply(200, self.stats.as_json(), self._stamp(request, wall))
            case "POST", "/__sim/script":
                return self._rescript(request, wall)
            case _:
                reply = error_reply(_NOT_FOUND, self._stamp(request, wall), self.options.reject_s)
                return replace(reply, counted=False)

    def ended(self, exchange: Exchange, now: float, *, delivered: bool) -> None:
        """The exchange is over at `now`; not `delivered` when the client went away before its end."""
        if not isinstance(exchange, SimReply) or exchange.counted:
            self.stats.ended(exchange, now, delivered=delivered)

    def _chat(self, request: SimRequest, version: str, now: float, wall: float) -> Exchange:
        digest = hashlib.sha256(request.body).digest()
        attempt = self.stats.arrived(now, digest)
        rng = random.Random(f"{self.options.seed}:{digest.hex()}:{attempt}")
        fault = self._pick_fault(request.body, now, rng)
        call = _Call(now, Stamp(new_request_id(rng, wall), wall), rng, fault)
        exchange = self._silence(call) or self._with_limits(request, self._check(request, version, call), now)
        if fault is not None:
            self.stats.faults[fault] += 1
        self.stats.answered(exchange)
        return exchange

    def _pick_fault(self, body: bytes, now: float, rng: random.Random) -> Fault | None:
        chance, weather = rng.random(), rng.random()
        number = self.stats.requests
        for line in self._script:
            if line.first <= number and (line.last is None or number <= line.last):
                return line.fault
        asked = body[max(0, body.find(_TICKETS)) :]
        for word, fault in self.options.poison:
            if word.encode() in asked:
                return fault
        phase = self.options.phase_at(now - self.stats.sends[0])
        if phase is not None and weather < phase.share:
            return phase.fault
        for fault, share in self.options.faults:
            if chance < share:
                return fault
            chance -= share
        return None

    def _silence(self, call: _Call) -> NoReply | None:
        match call.fault:
            case Fault.REFUSED:
                return NoReply(call.fault)
            case Fault.BLACKHOLE | Fault.HANG:
                return NoReply(call.fault, math.inf)
            case Fault.RESET:
                return NoReply(call.fault, self._delay_s(call))
            case _:
                return None

    def _check(self, request: SimRequest, version: str, call: _Call) -> SimReply:
        account = account_of(request.headers)
        if account is None:
            return self._refuse(HTTP_FAULTS[Fault.REVOKED], call)
        payload = validation.parse(request.body)
        if isinstance(payload, ErrorAnswer):
            return self._refuse(payload, call)
        if (stopped := self._stop_at_the_door(account, payload, call)) is not None:
            return stopped
        chat = validation.check(payload, version)
        if isinstance(chat, ErrorAnswer):
            return self._refuse(chat, call)
        if call.fault in HTTP_FAULTS and call.fault not in AT_THE_DOOR:
            return error_reply(HTTP_FAULTS[call.fault], call.stamp, self._delay_s(call))
        return self._complete(chat, call)

    def _stop_at_the_door(self, account: str, payload: Mapping[str, Any], call: _Call) -> SimReply | None:
        if call.fault in RATE_LIMITS:
            return self._rate_limited(HTTP_FAULTS[call.fault], call, self.options.retry_after_s)
        if call.fault in AT_THE_DOOR and _concerns(call.fault, payload):
            return self._refuse(HTTP_FAULTS[call.fault], call)
        if wait_s := self._wait_for_token(account, call.now):
            return self._rate_limited(HTTP_FAULTS[Fault.RATE_LIMITED], call, wait_s)
        return None if has_quota(account) else self._refuse(HTTP_FAULTS[Fault.NO_CREDIT], call)

    def _complete(self, chat: validation.ChatRequest, call: _Call) -> SimReply:
        completion = complete(chat, call.fault, call.rng)
        texts = [text for _, text in chat.tickets]
        self.stats.completed(texts, chat.prompt_tokens, completion.completion_tokens)
        return completion_reply(
            completion,
            chat,
            call.stamp,
            cached_tokens=self._cached_tokens(chat),
            delay_s=self._delay_s(call, completion.completion_tokens),
            delivery=_DELIVERIES.get(call.fault, Delivery.WHOLE),
        )

    def _refuse(self, error: ErrorAnswer, call: _Call) -> SimReply:
        return error_reply(error, call.stamp, self.options.reject_s)

    def _rate_limited(self, error: ErrorAnswer, call: _Call, wait_s: float) -> SimReply:
        delay_s = self.options.reject_s
        told = ToldWait()
        if error.code is not None:
            told = tell_wait(self.options.rate_headers, wait_s, call.stamp.wall + delay_s)
        return error_reply(error, call.stamp, delay_s, told)

    def _delay_s(self, call: _Call, output_tokens: int = 0) -> float:
        return answer_delay_s(
            self.options,
            call.rng,
            output_tokens=output_tokens,
            others_in_flight=self.stats.in_flight - 1,
            slow=call.fault is Fault.SLOW,
        )

    def _cached_tokens(self, chat: validation.ChatRequest) -> int:
        known = chat.prefix in self._prefixes
        self._prefixes.add(chat.prefix)
        return len(chat.prefix) // validation.CHARS_PER_TOKEN if known and self.options.reports_cached_tokens else 0

    def _bucket(self, account: str) -> TokenBucket | None:
        per_min = self.options.requests_per_min
        if per_min is None:
            return None
        capacity = max(1, self.options.burst or int(per_min))
        return self._buckets.setdefault(account, TokenBucket(per_min, capacity, self.options.failed_calls_count))

    def _wait_for_token(self, account: str, now: float) -> float:
        bucket = self._bucket(account)
        return bucket.take(now) if bucket else 0.0

    def _with_limits(self, request: SimRequest, reply: SimReply, now: float) -> SimReply:
        account = account_of(request.headers)
        bucket = self._bucket(account) if account else None
        if bucket is None or self.options.rate_headers is not RateHeaders.GROQ:
            return reply
        limits = limit_headers(bucket.capacity, bucket.remaining(now), bucket.full_in_s(now))
        return replace(reply, headers=(*reply.headers, *limits.items()))

    def _stamp(self, request: SimRequest, wall: float) -> Stamp:
        rng = random.Random(f"{self.options.seed}:{request.method}:{request.path}:{wall}")
        return Stamp(new_request_id(rng, wall), wall)

    def _rescript(self, request: SimRequest, wall: float) -> SimReply:
        """Replace the script by `{"script": "1:refused+..."}`, its calls counted from now."""
        stamp = self._stamp(request, wall)
        try:
            lines = parse_script(str(json.loads(request.body)["script"]))
        except SettingsRefused as refused:
            return control_reply(400, {"error": {"message": str(refused)}}, stamp)
        except (ValueError, TypeError, KeyError):
            return control_reply(400, {"error": {"message": 'a body like {"script": "1-3:refused"} is needed'}}, stamp)
        done = self.stats.requests
        self._script = [
            replace(line, first=line.first + done, last=None if line.last is None else line.last + done)
            for line in lines
        ]
        return control_reply(200, {"lines": len(lines)}, stamp)


def _concerns(fault: Fault, payload: Mapping[str, Any]) -> bool:
    """Format faults hit only requests that name a format; all others hit every request."""
    wanted = payload.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    match fault:
        case Fault.NO_RESPONSE_FORMAT:
            return kind in {"json_object", "json_schema"}
        case Fault.NO_JSON_SCHEMA:
            return kind == "json_schema"
        case _:
            return True
