"""P1, P5, P7, P8, P9, P15, P30: whatever a provider, an operator and a crash do, the laws hold and every world ends.

A world that breaks one is run again by one line, which the failure tells: its number, FORGE_WORLD=17, or what is left
of a generated one when all that does not matter is taken away, FORGE_PLAN='{...}'.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from forge_tui.core.job import JobState
from forge_tui.pipeline.engine import Engine
from forge_tui.pipeline.stages import Ending
from virtual_time import VirtualDeadlock
from world_builders import lived
from world_plans import draw, drawn_by, of_line

ONE, PLAN = os.environ.get("FORGE_WORLD"), os.environ.get("FORGE_PLAN")
TOLD = "told"
SEEDS = [TOLD] if PLAN else [int(ONE)] if ONE else range(100)
TRACED = (2, 25, 33)
AGAIN = ".venv/bin/pytest tests/worlds/test_worlds.py"


def seen(seed):
    return seen_of(of_line(PLAN) if seed == TOLD else draw(seed), f"FORGE_WORLD={seed} {AGAIN}")


def seen_of(plan, again):
    with TemporaryDirectory() as folder:
        try:
            return lived(plan, Path(folder))
        except BaseException as broken:
            broken.add_note(f"again: {again}")
            raise


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_ends_and_keeps_the_laws(seed):
    seen(seed)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(100, 5_100, 100))
def test_thousands_of_worlds_do_too(first):
    for seed in range(first, first + 100):
        seen(seed)


def worlds(examples):
    """Hypothesis answers each question that a seed would, and so can take away what a failure does not need."""

    @settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def every_world(rng):
        plan = drawn_by(rng, 0)
        seen_of(plan, f"FORGE_PLAN={shlex.quote(plan.line())} {AGAIN}")

    return every_world


def test_a_generated_world_does_too():
    worlds(100)()


@pytest.mark.soak
def test_thousands_of_generated_worlds_do_too():
    worlds(2_000)()


@pytest.mark.parametrize("seed", range(30))
def test_a_plan_is_told_in_one_line_and_read_again(seed):
    plan = draw(seed)
    assert "\n" not in plan.line()
    assert of_line(plan.line()) == plan


def test_a_world_in_which_nobody_is_woken_is_told_as_a_deadlock():
    with patch.object(Engine, "wake", lambda _: None), pytest.raises(VirtualDeadlock, match="task work") as stuck:
        seen(0)
    assert "FORGE_WORLD=0" in stuck.value.__notes__[0]


def test_a_world_that_runs_in_circles_is_told_as_a_livelock():
    async def give_up(_):
        return Ending(JobState.READY, "nothing was done")

    with patch.object(Engine, "run", give_up), pytest.raises(AssertionError, match="livelock: 401 runs"):
        seen(0)


def test_the_worlds_are_worlds_of_trouble():
    """Were they calm, they would prove nothing."""
    plans = [draw(seed) for seed in range(100)]
    assert sum(bool(plan.crashes) for plan in plans) >= 40
    assert sum(bool(plan.orders) for plan in plans) >= 50
    assert sum("phases=" in plan.sim for plan in plans) >= 70
    assert sum(plan.tickets for plan in plans) >= 4_000


def trace_of(hash_seed):
    """The traces of three worlds, told by a process whose sets and dicts have another order."""
    script = "import sys; from test_worlds import TRACED, seen; print([seen(seed).trace for seed in TRACED])"
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    return run.stdout.strip()


def test_a_seed_has_one_trace_whatever_the_hash_seed():
    here = str([seen(seed).trace for seed in TRACED])
    assert str([seen(seed).trace for seed in TRACED]) == here
    assert {trace_of(hash_seed) for hash_seed in (0, 1, 4242)} == {here}
