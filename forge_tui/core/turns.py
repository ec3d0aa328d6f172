"""How often the threads of a process that runs an engine take turns: set once, by whichever face starts it."""

import sys

# Python's 5 ms are what a thread waits for one that computes, after each of its statements or timers: the engine's
# timers come late under a busy screen, and a load in which rows are read while others are stored takes a fifth longer.
SWITCH_INTERVAL_S = 0.0005


def take_short_turns() -> None:
    """Hand the interpreter on after half a millisecond where another thread waits for it."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
