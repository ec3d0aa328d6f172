"""The header gives up what matters least first: health, then model, then clock; never the state."""

import pytest

import console_states as states
from forge_tui.console.view import Live, Refused, Starting, View
from forge_tui.console.widgets.header import Header
from forge_tui.core.failure import Code


def words(job, width, engine=None, **view):
    frame = View(job=job, now_mono=states.NOW_MONO, at=states.NOW, engine=engine or Live(), **view)
    return Header().content(frame, width).plain


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_state_job_and_mark_are_there_at_every_width(width):
    told = words(states.busy(), width)
    assert "J-0042" in told
    assert "RUNNING 09:12" in told
    assert "live ●" in told
    assert len(told) <= width


def test_a_narrow_header_drops_the_model_first():
    assert "sarvam-105b" in words(states.busy(), 80)
    assert "sarvam-105b" not in words(states.busy(), 60)


def test_only_a_wide_one_tells_of_health():
    assert "engine p99 2 ms" in words(states.busy(), 140)
    assert "engine p99" not in words(states.busy(), 100)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (states.breaker_open(), "WAITING FOR THE API"),
        (states.halted(), "HALTED E-AUTH"),
        (states.budget_reached(), "PAUSED E-BUDGET"),
        (states.finished(), "DONE, 31 FAILED"),
    ],
)
def test_the_state_stands_in_words(job, told):
    assert told in words(job, 80)


def test_a_snapshot_older_than_three_seconds_is_stale():
    assert "stale" not in words(states.busy(at_mono=states.NOW_MONO - 2.9), 80)
    assert "stale 4 s" in words(states.busy(at_mono=states.NOW_MONO - 4), 80)


def test_the_engine_s_own_state_comes_before_live():
    assert "starting" in words(states.busy(), 80, Starting())
    assert "refused ✖" in words(states.busy(), 80, Refused("no", Code.LOCKED))
    assert "frozen" in words(states.busy(), 80, frozen=True)
