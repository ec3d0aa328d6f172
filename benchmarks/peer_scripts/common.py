"""What all peers share: the tickets, the request they send, and how they tell what it took. Standard library only."""

import json
import resource
import sys
import time
from dataclasses import dataclass, field

SYSTEM = (
    "Classify the support ticket. Reply with JSON only:"
    ' {"results":[{"id":"t1","category":"...","priority":"...","summary":"..."}]}'
)
MODEL = "sarvam-105b"
KEY = "sk_sim_ok"


@dataclass
class Task:
    """What a peer is given on its command line."""

    url: str
    texts: list[str]
    slots: int
    give_up_s: float
    started: float = field(default=0.0)
    cpu: float = field(default=0.0)

    def start(self) -> None:
        self.started, self.cpu = time.perf_counter(), time.process_time()

    @property
    def over(self) -> bool:
        """Whether the time is up: what was not begun by then stays undone."""
        return time.perf_counter() - self.started > self.give_up_s

    def tell(self, done: int) -> None:
        """Print the figures as the last line."""
        seconds, cpu_s = time.perf_counter() - self.started, time.process_time() - self.cpu
        print(json.dumps({"done": done, "seconds": seconds, "cpu_s": cpu_s, "rss_mb": peak_rss_mb()}))


def peak_rss_mb() -> float:
    """The most memory this program has held; Linux's `ru_maxrss` begins with what its parent held at the fork."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - as everybody would
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


def task() -> Task:
    """From `URL FILE SLOTS GIVE_UP_S`."""
    url, path, slots, give_up_s = sys.argv[1:5]
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as everybody would
        return Task(url, file.read().splitlines(), int(slots), float(give_up_s))


def body(text: str) -> dict[str, object]:
    """One ticket a request."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
    return {"model": MODEL, "messages": messages, "temperature": 0, "max_tokens": 220}


def category_of(content: str) -> str:
    """The answer, read: everybody has to do this much."""
    category: str = json.loads(content)["results"][0]["category"]
    return category
