"""The moving average of a class's latency, with its spread: what the ETA multiplies the remaining requests by."""

from math import sqrt


class Ewma:
    """Exponentially weighted mean and deviation; the first sample replaces `initial`.

    The variance is West's incremental form: `v = (1 - alpha) * (v + alpha * (x - mean)**2)`.
    """

    def __init__(self, alpha: float = 0.3, initial: float = 1.2) -> None:
        self._alpha = alpha
        self._mean = initial
        self._variance = 0.0
        self._seen = False

    def add(self, sample: float) -> None:
        if not self._seen:
            self._mean, self._seen = sample, True
            return
        off = sample - self._mean
        self._mean += self._alpha * off
        self._variance = (1 - self._alpha) * (self._variance + self._alpha * off * off)

    @property
    def seen(self) -> bool:
        """False while `value` is only the initial guess."""
        return self._seen

    @property
    def value(self) -> float:
        return self._mean

    @property
    def deviation(self) -> float:
        """The standard deviation of one sample."""
        return sqrt(self._variance)

    @property
    def error(self) -> float:
        """The standard error of `value` itself, for independent samples: `deviation * sqrt(alpha / (2 - alpha))`."""
        return self.deviation * sqrt(self._alpha / (2 - self._alpha))
