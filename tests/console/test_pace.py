"""The pace slows itself down for a slow terminal and comes back."""

from forge_tui.console.pace import Pace


def test_four_slow_frames_halve_the_pace():
    pace = Pace(4.0)
    for _ in range(3):
        pace.painted(40.0)
    assert pace.hz == 4.0
    pace.painted(40.0)
    assert pace.hz == 2.0


def test_one_slow_frame_changes_nothing():
    pace = Pace(4.0)
    for took_ms in (40.0, 3.0) * 10:
        pace.painted(took_ms)
    assert pace.hz == 4.0


def test_it_never_stops_drawing():
    pace = Pace(4.0)
    for _ in range(100):
        pace.painted(500.0)
    assert pace.hz == 0.5


def test_a_quick_run_brings_the_wanted_pace_back():
    pace = Pace(4.0)
    for _ in range(4):
        pace.painted(40.0)
    for _ in range(20):
        pace.painted(2.0)
    assert pace.hz == 4.0
