"""What a measurement comes to: spreads, tables, plots and bars, as values that one JSON file holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of repeated measurements, with the least and the greatest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        several = sorted(values)
        return cls(median(several), several[0], several[-1])

    def text(self, digits: int = 2) -> str:
        """`1.04 [1.03-1.06]`; one figure where all are the same."""
        shown = [f"{value:,.{digits}f}" for value in (self.median, self.low, self.high)]
        return shown[0] if shown[1] == shown[2] else f"{shown[0]} [{shown[1]}-{shown[2]}]"


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to keep to: at most `limit`, or at least; `aim` is what we would rather see."""

    work: str
    figure: str
    measured: Spread
    limit: float
    at_least: bool = False
    aim: float | None = None
    digits: int = 2

    @property
    def met(self) -> bool:
        return self.measured.median >= self.limit if self.at_least else self.measured.median <= self.limit

    @property
    def used(self) -> float:
        """The share of the bar that is used up; over 1 it is missed."""
        value = self.measured.median
        return self.limit / value if self.at_least else value / self.limit

    @property
    def demand(self) -> str:
        aim = "" if self.aim is None else f" (aim {self.aim:g})"
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{aim}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of strings under a head."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves by name over a common x; `name` is the file's."""

    name: str
    title: str
    x_label: str
    y_label: str
    curves: Mapping[str, Points]
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """All that one section found out."""

    tables: Sequence[Table] = ()
    bars: Sequence[Bar] = ()
    plots: Sequence[Plot] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure: `full` takes the long runs too, each arm is measured `repetitions` times."""

    full: bool = False
    repetitions: int = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """A section's finding with where and when it was made; the versions are by name.

    `load` is how many processes wanted a core, a minute's average, just before it began: above the number of cores
    others were at work, and wall times are theirs too. `speed_s` is what five million additions in Python took then.
    """

    section: str
    title: str
    finding: Finding
    date: str
    full: bool
    seconds: float
    machine: str
    versions: Mapping[str, str] = field(default_factory=dict)
    load: float | None = None
    speed_s: float | None = None
