"""How often the screen draws: it slows itself down when painting takes long, and comes back when it does not."""

SLOW_MS = 15.0
QUICK_MS = 8.0
_PATIENCE = 4
_SLOWEST_HZ = 0.5
_WEIGHT = 0.3


class Pace:
    """`wanted_hz` is the operator's; 0 stands for no timer at all."""

    def __init__(self, wanted_hz: float) -> None:
        self.wanted_hz = wanted_hz
        self.hz = wanted_hz
        self.paint_ms = 0.0
        self._slow = self._quick = 0

    @property
    def interval_s(self) -> float:
        return 1.0 / self.hz

    def want(self, hz: float) -> None:
        """Another pace by hand."""
        self.wanted_hz = self.hz = hz

    def painted(self, took_ms: float) -> None:
        """Hear of one frame; four slow ones in a row halve the pace, a quick run of them doubles it up to the wanted."""
        self.paint_ms += _WEIGHT * (took_ms - self.paint_ms)
        self._slow = self._slow + 1 if took_ms > SLOW_MS else 0
        self._quick = self._quick + 1 if took_ms < QUICK_MS else 0
        if self._slow == _PATIENCE and self.hz > _SLOWEST_HZ:
            self.hz, self._slow = max(_SLOWEST_HZ, self.hz / 2), 0
        elif self._quick == 5 * _PATIENCE:
            self.hz, self._quick = min(self.wanted_hz, self.hz * 2), 0
