"""What passes between the simulated provider and its two doors: a request in, a timed reply or a silence out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from forge_tui.provider.simulator.faults import Fault

DRIP_PIECES = 20
DRIP_GAP_S = 10.0
MISSING_BYTES = 64


@dataclass(frozen=True, slots=True)
class SimRequest:
    """An HTTP request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Delivery(Enum):
    """How the body of a reply arrives."""

    WHOLE = "whole"
    CUT = "cut"
    SHORT = "short"
    DRIP = "drip"


@dataclass(frozen=True, slots=True)
class SimReply:
    """An answer that leaves after `delay_s`.

    `hold_s` is the wait it tells the client to keep; `halts` says that no client should call again after it;
    replies about the simulator itself are not `counted`.
    """

    delay_s: float
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    delivery: Delivery = Delivery.WHOLE
    hold_s: float | None = None
    halts: bool = False
    counted: bool = True

    def wire_headers(self) -> list[tuple[str, str]]:
        """All headers; a `SHORT` reply promises more bytes than come."""
        promised = len(self.body) + (MISSING_BYTES if self.delivery is Delivery.SHORT else 0)
        return [*self.headers, ("content-length", str(promised))]

    def pieces(self) -> list[tuple[float, bytes]]:
        """The body as it arrives: each piece with the seconds of silence before it."""
        match self.delivery:
            case Delivery.WHOLE | Delivery.SHORT:
                return [(0.0, self.body)]
            case Delivery.CUT:
                return [(0.0, self.body[: len(self.body) // 2])]
            case Delivery.DRIP:
                size = max(1, -(-len(self.body) // DRIP_PIECES))
                starts = range(0, len(self.body), size)
                return [(DRIP_GAP_S if start else 0.0, self.body[start : start + size]) for start in starts]


@dataclass(frozen=True, slots=True)
class NoReply:
    """No answer at all: the connection is `REFUSED`, `BLACKHOLE`d or `RESET` after `delay_s`, or `HANG`s."""

    how: Fault
    delay_s: float = 0.0


Exchange = SimReply | NoReply
