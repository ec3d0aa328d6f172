"""What a launch screen shows in tests: one file of 5,003 tickets, as far as it was read."""

from console_builders import working_hub
from console_states import busy
from forge_tui.console.hub import InputFile, Preview
from forge_tui.core.failure import Code
from forge_tui.core.ticket import Complexity, Origin, RefusedRow

TEXTS = (
    "Charged twice for the same booking, which I cancelled on Monday. The bank says it cannot be taken back.",
    "Die App startet nach dem Update nicht mehr, auch nicht nach einem Neustart",
    "kya aap school ke liye demo de sakte hain?",
    "Answers turn to nonsense in long chats once the topic changes",
    "Screen flickers when docked, cable swapped twice",
    "invoice charged twice in october",
    "Please add a new starter to the finance group, she begins on the first",
    "The press on line 4 stops without a word and nobody knows why it does so again",
)
COMPLEXITY = {Complexity.SIMPLE: 2570, Complexity.MEDIUM: 1925, Complexity.COMPLEX: 505}


REASONS = {"no text": 2400, "bytes that are not UTF-8": 101, "a quote that is never closed": 2}


def refused(line):
    return RefusedRow(line, Origin("tickets_5k.csv", line), Code.INPUT, f"tickets_5k.csv:{line}: no text")


def preview(**changes):
    file = InputFile("tickets_5k.csv", "csv", "utf-8", 2_400_000, ("id", "created", "body"), "body")
    fields = {
        "files": (file,),
        "complete": True,
        "read_share": 1.0,
        "total": 5003,
        "refused": 3,
        "cached": 280,
        "twins": 132,
        "unique": 4588,
        "complexity": COMPLEXITY,
        "requests": 389,
        "tokens": 700_000,
        "cost": 41.0,
        "cost_band": (38.0, 44.0),
        "currency": "INR",
        "free": False,
        "estimated_seconds": 750.0,
        "bound_by": "requests/min",
        "provider": "sarvam",
        "model": "sarvam-105b",
        "provider_why": "provider sarvam, because a key is set",
        "first_texts": TEXTS,
        "first_refused": (refused(81), refused(2204), refused(3990)),
        "refused_for": {'no text in column "body"': 3},
        "requests_per_min": 36.0,
    }
    return Preview(**(fields | changes))


def launch_hub(*previews):
    hub = working_hub(busy())
    hub.previews = list(previews or (preview(),))
    hub.settings |= {"batch_size": "auto", "concurrency": 10, "requests_per_min": 36.0, "max_cost": 50.0}
    return hub
