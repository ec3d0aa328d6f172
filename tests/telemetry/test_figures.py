"""Numbers have one form on every face."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.text import cell_width
from forge_tui.telemetry import figures

ANY = st.floats() | st.integers(-(10**30), 10**30)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (figures.count(5003), "5,003"),
        (figures.short_count(862), "862"),
        (figures.short_count(1500), "1.5k"),
        (figures.short_count(90_000), "90k"),
        (figures.short_count(620_000), "620k"),
        (figures.short_count(999_950), "1M"),
        (figures.short_count(4_120_000), "4.1M"),
        (figures.rate(6.3), "6.3"),
        (figures.rate(0), "0.0"),
        (figures.rate(0.04), "0.04"),
        (figures.rate(1500), "1.5k"),
        (figures.percent(30, 2446, 1), "1.2%"),
        (figures.percent(0, 0), "–"),
        (figures.clock(552.9), "09:12"),
        (figures.clock(3723), "1:02:03"),
        (figures.clock(-5), "00:00"),
        (figures.clock(1e300), ">999 h"),
        (figures.countdown(0.2), "00:01"),
        (figures.countdown(0), "00:00"),
        (figures.band(0.1), "1s"),
        (figures.band(21), "20s"),
        (figures.band(200), "3m"),
        (figures.band(7300), "2h"),
        (figures.age(8), "8s"),
        (figures.age(550), "9m"),
        (figures.age(90_000), "1d"),
        (figures.short_seconds(0.4), "0.4 s"),
        (figures.short_seconds(12), "12 s"),
        (figures.time_of_day(86_400 + 43_471.9), "12:04:31"),
        (figures.money(24, "INR"), "₹24.00"),
        (figures.money(0, "INR"), "₹0.00"),
        (figures.money(0.124, "INR"), "₹0.12"),
        (figures.money(0.0099, "INR"), "₹0.0099"),
        (figures.money(0.0012, "USD"), "$0.0012"),
        (figures.money(3.5, "CHF"), "CHF 3.50"),
        (figures.limit_of_money(50, "INR"), "₹50"),
        (figures.limit_of_money(0.5, "INR"), "₹0.50"),
    ],
)
def test_a_number_is_written_as_the_screens_show_it(text, shown):
    assert text == shown


def test_a_hundred_percent_means_that_nothing_is_missing():
    assert figures.percent(9999, 10_000) == "99%"
    assert figures.percent(9_999_999, 10_000_000, 1) == "99.9%"
    assert figures.percent(10_000, 10_000) == "100%"


def test_a_bar_is_full_only_at_the_end_and_empty_only_at_the_start():
    assert figures.share_bar(2446 / 5003, 32) == "█" * 16 + "░" * 16
    assert figures.share_bar(0.0001, 10) == "█░░░░░░░░░"
    assert figures.share_bar(0.9999, 10) == "█████████░"
    assert (figures.share_bar(0, 4), figures.share_bar(1, 4)) == ("░░░░", "████")


def test_a_bar_of_eighths_shows_a_tenth_of_a_cell():
    assert figures.eighths_bar(580 / 1878, 7) == "██▏"
    assert figures.eighths_bar(35 / 36, 10) == "█████████▊"
    assert figures.eighths_bar(1, 7) == "███████"
    assert not figures.eighths_bar(0, 7)


def test_a_sparkline_uses_the_scale_it_is_given():
    assert figures.sparkline([1, 2, 4, 8], 8) == "▁▂▄█"
    assert figures.sparkline([1, 2], 2) == "▄█"
    assert figures.sparkline([1, 2], 0) == "▁▁"


@given(ANY, ANY, st.integers(0, 60))
def test_any_number_at_all_becomes_short_text(number, other, width):
    texts = [
        figures.count(float(number)) if abs(float(number)) < 1e15 else "",
        figures.short_count(float(number)),
        figures.rate(float(number)),
        figures.percent(float(number), float(other), 1) if abs(number) <= abs(other) else "",
        figures.clock(float(number)),
        figures.countdown(float(number)),
        figures.band(float(number)),
        figures.age(float(number)),
        figures.short_seconds(float(number)),
        figures.money(float(number), "INR"),
        figures.time_of_day(float(number)),
    ]
    assert max(len(text) for text in texts) <= 24
    assert len(figures.share_bar(float(number), width)) == width
    assert len(figures.eighths_bar(float(number), width)) <= width
    assert len(figures.sparkline([float(number), float(other)], float(other))) == 2


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_what_is_no_number_is_a_dash(number):
    assert {figures.count(number), figures.rate(number), figures.clock(number), figures.money(number, "INR")} == {"–"}


def test_plain_symbols_are_ascii_and_the_others_one_cell_wide():
    symbols = "".join(map(chr, figures._PLAIN))
    assert figures.plain(symbols).isascii()
    assert cell_width(symbols) == len(symbols)
