"""Latency of requests in bounded memory: percentiles per job and class, the last dozen, and the chart's buckets."""

from bisect import insort
from collections import deque
from math import ceil, floor, isfinite, log

from forge_tui.core.snapshot import LatencyPoint, Percentiles

_SHORTEST_S = 1e-4
_LONGEST_S = 1e4
_RATIO = 1.02  # the middle of a bucket this wide is at most 1 % from anything in it
_LOG_RATIO = log(_RATIO)

CHART_BUCKET_S = 5.0
CHART_BUCKETS = 60
RECENT = 12


class LatencySketch:
    """Percentiles by nearest rank: exact up to `exact` samples, then within 1 % from about 900 log buckets.

    After DDSketch (Masson, Rim, Lee, VLDB 2019), with one sign and clamped ends.
    """

    def __init__(self, exact: int = 4096) -> None:
        self._exact_limit = exact
        self._sorted: list[float] | None = []
        self._buckets: dict[int, int] = {}
        self._n = 0

    def add(self, seconds: float) -> None:
        """Count one request; what is not a finite time is left out."""
        if not isfinite(seconds):
            return
        self._n += 1
        if self._sorted is None:
            self._count(seconds)
            return
        insort(self._sorted, seconds)
        if self._n > self._exact_limit:
            for sample in self._sorted:
                self._count(sample)
            self._sorted = None

    def _count(self, seconds: float) -> None:
        bucket = floor(log(min(max(seconds, _SHORTEST_S), _LONGEST_S)) / _LOG_RATIO)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def percentiles(self) -> Percentiles:
        """p50, p95 and p99 in seconds; zeros while there is no sample."""
        if self._n == 0:
            return Percentiles()
        p50, p95, p99 = self._at_ranks([max(1, ceil(share * self._n)) for share in (0.50, 0.95, 0.99)])
        return Percentiles(p50, p95, p99, self._n)

    def _at_ranks(self, ranks: list[int]) -> list[float]:
        if self._sorted is not None:
            return [self._sorted[rank - 1] for rank in ranks]
        found: list[float] = []
        below = 0
        for bucket, count in sorted(self._buckets.items()):
            below += count
            while len(found) < len(ranks) and ranks[len(found)] <= below:
                found.append(_RATIO ** (bucket + 0.5))
        return found


class LatencyChart:
    """p50 and p95 per bucket of five seconds over the last five minutes."""

    def __init__(self) -> None:
        self._sketches: dict[int, LatencySketch] = {}
        self._settled: dict[int, Percentiles] = {}

    def add(self, at: float, seconds: float) -> None:
        bucket = floor(at / CHART_BUCKET_S)
        if bucket not in self._sketches:
            self._forget(bucket)
            self._sketches[bucket] = LatencySketch(exact=256)
        self._sketches[bucket].add(seconds)
        self._settled.pop(bucket, None)

    def _forget(self, newest: int) -> None:
        for bucket in [b for b in self._sketches if not newest - CHART_BUCKETS < b <= newest]:
            del self._sketches[bucket]
            self._settled.pop(bucket, None)

    def points(self, now: float) -> tuple[LatencyPoint, ...]:
        """The oldest first, with the age of each bucket's middle; buckets without a request are left out."""
        reached = floor(now / CHART_BUCKET_S)
        shown = sorted(b for b in self._sketches if reached - CHART_BUCKETS < b <= reached)
        return tuple(self._point(bucket, now) for bucket in shown)

    def _point(self, bucket: int, now: float) -> LatencyPoint:
        view = self._settled.get(bucket)
        if view is None:
            view = self._settled[bucket] = self._sketches[bucket].percentiles()
        return LatencyPoint(max(0.0, now - (bucket + 0.5) * CHART_BUCKET_S), view.p50, view.p95)


def recent_latencies() -> deque[float]:
    """A window of the last dozen latencies, in seconds."""
    return deque(maxlen=RECENT)
