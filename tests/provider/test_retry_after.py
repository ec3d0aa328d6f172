import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.outcome import RateHints
from forge_tui.provider.retry_after import rate_hints, retry_after_s

NOW = 1_795_377_600.0  # 2026-11-22T20:00:00Z
HEADER_NAMES = (
    "retry-after-ms",
    "retry-after",
    "date",
    *(f"x-ratelimit-{word}{kind}" for word in ("limit", "remaining", "reset") for kind in ("", "-requests", "-tokens")),
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3),
        (" 3 ", 3),
        ("0", 0),
        ("0.5", 0.5),
        ("7.66s", 7.66),
        ("1m2.5s", 62.5),
        ("2m59.56s", 179.56),
        ("6m0s", 360),
        ("250ms", 0.25),
        ("1h", 3600),
        ("Sun, 22 Nov 2026 20:15:00 GMT", 900),
        ("Sun, 22 Nov 2026 20:15:00 -0000", 900),
        ("Sun, 22 Nov 2026 19:00:00 GMT", 0),
        (str(int(NOW) + 42), 42),
        (str((int(NOW) + 42) * 1000), 42),
        (str(int(NOW) - 42), 0),
    ],
)
def test_every_form_of_retry_after_is_read_as_seconds(value, seconds):
    """D9: a date made an exception escape in the original."""
    assert retry_after_s({"retry-after": value}, "", NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", ["soon", "", "-1", "1e308", "nan", "inf", "1_000", "٣", "86401", "3;4", "9" * 400, "Sun, 99 Foo 2026"]
)
def test_garbage_negative_and_more_than_a_day_are_not_believed(value):
    assert retry_after_s({"retry-after": value}, "", NOW) is None


def test_milliseconds_win_over_seconds_even_when_zero():
    assert retry_after_s({"retry-after-ms": "300", "retry-after": "3"}, "", NOW) == pytest.approx(0.3)
    assert retry_after_s({"retry-after-ms": "0", "retry-after": "3"}, "", NOW) == 0


def test_an_unreadable_header_gives_way_to_the_next_source():
    assert retry_after_s({"retry-after-ms": "soon", "retry-after": "3"}, "", NOW) == 3
    assert retry_after_s({"retry-after": "soon"}, "Please try again in 5.289s.", NOW) == pytest.approx(5.289)


def test_a_date_counts_from_the_replys_own_date_when_the_clocks_differ():
    headers = {"retry-after": "Sun, 22 Nov 2026 20:15:00 GMT", "date": "Sun, 22 Nov 2026 20:14:50 GMT"}
    assert retry_after_s(headers, "", NOW) == pytest.approx(10)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Rate limit reached … Please try again in 5.289s. Visit", 5.289),
        ("try again in 6m0s", 360),
        ("Please try again in 20 seconds", 20),
        ("Retry after 2 minutes.", 120),
        ("retry in 250ms", 0.25),
    ],
)
def test_a_wait_named_in_the_text_is_read(text, seconds):
    assert retry_after_s({}, text, NOW) == pytest.approx(seconds)


def test_the_limit_that_is_used_up_says_when_it_is_refilled():
    headers = {
        "x-ratelimit-remaining-requests": "14000",
        "x-ratelimit-reset-requests": "2m59.56s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "7.66s",
    }
    assert retry_after_s(headers, "", NOW) == pytest.approx(7.66)


def test_limits_and_text_count_only_for_a_rate_limit():
    headers = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s"}
    assert retry_after_s(headers, "try again in 5s", NOW, with_limits=False) is None
    assert retry_after_s(headers | {"retry-after": "2"}, "", NOW, with_limits=False) == 2


def test_hints_tell_what_is_left():
    headers = {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-remaining-requests": "14370",
        "x-ratelimit-reset-requests": "2m59.56s",
        "x-ratelimit-remaining-tokens": "17997",
        "x-ratelimit-reset-tokens": "7.66s",
    }
    hints = rate_hints(headers, NOW)
    assert (hints.requests_limit, hints.requests_remaining, hints.tokens_remaining) == (14400, 14370, 17997)
    assert (hints.requests_reset_s, hints.tokens_reset_s) == pytest.approx((179.56, 7.66))


def test_no_headers_give_no_hints():
    assert rate_hints({}, NOW) == RateHints()


def header_values():
    near_misses = st.from_regex(r"[-+]?\d{0,20}(\.\d{0,20})?(e\d+|ms|s|m|h| GMT)?")
    return st.one_of(st.text(max_size=60), near_misses, st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))


@given(st.dictionaries(st.sampled_from(HEADER_NAMES), header_values()), st.text(max_size=200), st.floats(0, 4e9))
def test_whatever_is_sent_the_wait_is_none_or_finite_and_within_a_day(headers, text, now):
    hints = rate_hints(headers, now)
    waits = (retry_after_s(headers, text, now), hints.requests_reset_s, hints.tokens_reset_s)
    for wait in waits:
        assert wait is None or (math.isfinite(wait) and 0 <= wait <= 86_400)
