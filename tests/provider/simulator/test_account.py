"""Keys, the token bucket of an account, and how a wait is told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.provider.simulator.account import SECOND_GOOD_KEY, TokenBucket, account_of
from forge_tui.provider.simulator.options import RateHeaders
from forge_tui.provider.simulator.rate_headers import go_duration, tell_wait
from simulator_builders import WALL, answer, chat, error, provider, rows


def test_either_header_opens_the_account():
    assert account_of({"authorization": "Bearer sk_sim_ok"}) == account_of({"api-subscription-key": "sk_sim_ok"})
    assert account_of({"authorization": "Basic sk_sim_ok"}) is None
    assert account_of({}) is None


def test_two_keys_of_one_account_share_one_bucket():
    asked = provider("rpm=60,burst=1")
    assert answer(asked, chat("a"), 0.0).status == 200
    assert answer(asked, chat("b", key=SECOND_GOOD_KEY), 0.1).status == 429
    assert answer(asked, chat("b", key=SECOND_GOOD_KEY), 1.0).status == 200


@given(
    per_min=st.integers(1, 600),
    capacity=st.integers(1, 60),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_no_window_of_a_minute_lets_more_through_than_rate_and_burst(per_min, capacity, gaps):
    bucket, now, let_through = TokenBucket(per_min, capacity), 0.0, []
    for gap in gaps:
        now += gap
        if bucket.take(now) == 0:
            let_through.append(now)
    for first in let_through:
        assert sum(first <= at < first + 60 for at in let_through) <= per_min + capacity


@given(per_min=st.floats(0.5, 6000), drained=st.integers(1, 20))
def test_the_wait_told_is_enough_and_no_more_than_enough(per_min, drained):
    bucket = TokenBucket(per_min, drained)
    for _ in range(drained):
        assert bucket.take(0.0) == 0
    wait_s = bucket.take(0.0)
    assert bucket.take(wait_s * 0.99) > 0
    assert bucket.take(wait_s) == 0


def test_failed_calls_cost_nothing_unless_they_count():
    forgiving, strict = TokenBucket(60, 1), TokenBucket(60, 1, failed_calls_count=True)
    for bucket in (forgiving, strict):
        bucket.take(0.0)
        for _ in range(5):
            bucket.take(0.5)
    assert forgiving.take(1.0) == 0
    assert strict.take(1.0) > 0


def test_a_429_says_nothing_of_the_wait_unless_asked_to():
    asked = provider("rpm=60,burst=1")
    answer(asked, chat("a"))
    reply = answer(asked, chat("b"))
    assert error(reply) == (429, "rate_limit_exceeded_error", "Rate limit exceeded")
    assert {name for name, _ in reply.headers} == {"date", "x-request-id", "content-type"}


@pytest.mark.parametrize(
    ("form", "header", "value", "hold_s"),
    [
        (RateHeaders.SECONDS, "retry-after", "3", 3),
        (RateHeaders.FLOAT, "retry-after", "2.346", 2.346),
        (RateHeaders.MILLISECONDS, "retry-after-ms", "2346", 2.346),
        (RateHeaders.DATE, "retry-after", "Sun, 22 Nov 2026 20:00:03 GMT", 3),
        (RateHeaders.GROQ, "retry-after", "3", 3),
    ],
)
def test_a_wait_is_told_in_the_form_asked_for_and_never_too_short(form, header, value, hold_s):
    told = tell_wait(form, 2.3456, WALL)
    assert dict(told.headers)[header] == value
    assert told.hold_s == pytest.approx(hold_s)


def test_the_text_form_stands_in_the_message():
    asked = provider("rate_limit_rate=1,headers=text,retry_after=5.289")
    assert error(answer(asked, chat("a")))[2] == "Rate limit exceeded Please try again in 5.289s."


def test_groq_headers_come_with_every_reply_and_count_down():
    asked = provider("rpm=30,burst=3,headers=groq")
    seen = [dict(answer(asked, chat(text)).headers) for text in "abcd"]
    assert [headers["x-ratelimit-remaining-requests"] for headers in seen] == ["2", "1", "0", "0"]
    assert seen[3]["retry-after"] == "2"
    assert seen[3]["x-ratelimit-reset-requests"] == "6s"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "250ms"), (7.66, "7.66s"), (179.56, "2m59.56s"), (360, "6m0s"), (0, "0s")]
)
def test_durations_are_written_as_go_writes_them(seconds, text):
    assert go_duration(seconds) == text


def test_usage_is_counted_and_reported():
    asked = provider()
    usage = json.loads(answer(asked, chat("a" * 400)).body)["usage"]
    assert usage["prompt_tokens"] == asked.stats.prompt_tokens > 100
    assert usage["completion_tokens"] == asked.stats.completion_tokens > 10
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"] is None


def test_a_known_prefix_is_reported_as_cached_only_when_asked_to():
    asked = provider("cached_tokens=1")
    first, second = (json.loads(answer(asked, chat(text)).body)["usage"] for text in "ab")
    assert first["prompt_tokens_details"] is None
    assert second["prompt_tokens_details"] == {"cached_tokens": 5}
    assert rows(answer(asked, chat("c")))
