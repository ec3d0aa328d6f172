"""How far answers given in company agree with answers given alone: the counts, and the interval they leave open."""

from dataclasses import dataclass
from math import sqrt

_Z_95 = 1.959964  # of the normal distribution, two-sided


@dataclass(frozen=True, slots=True)
class Proportion:
    """`same` of `of`, with the 95 % interval that so few observations leave open.

    The interval is Wilson's score interval (1927), which stays inside 0 to 1 and holds for small counts; before the
    first observation it is all of 0 to 1.
    """

    same: int
    of: int

    @property
    def share(self) -> float:
        """The observed share; 0 before the first observation."""
        return self.same / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return max(0.0, self._centre - self._half_width)

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return min(1.0, self._centre + self._half_width)

    @property
    def _centre(self) -> float:
        return (self.same + _Z_95**2 / 2) / (self.of + _Z_95**2)

    @property
    def _half_width(self) -> float:
        spread = self.same * (self.of - self.same) / self.of if self.of else 0.0
        return _Z_95 * sqrt(spread + _Z_95**2 / 4) / (self.of + _Z_95**2)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Tickets that were answered in company and asked again alone: what the second answer said.

    `unanswered` ones got no valid answer alone: they prove nothing.
    """

    answered: int = 0
    same_category: int = 0
    same_priority: int = 0
    unanswered: int = 0

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(
            self.answered + other.answered,
            self.same_category + other.same_category,
            self.same_priority + other.same_priority,
            self.unanswered + other.unanswered,
        )

    @property
    def checked(self) -> int:
        return self.answered + self.unanswered

    @property
    def category(self) -> Proportion:
        return Proportion(self.same_category, self.answered)

    @property
    def priority(self) -> Proportion:
        return Proportion(self.same_priority, self.answered)

    @property
    def worse(self) -> Proportion:
        """That of the two labels which company disturbs more."""
        return min(self.category, self.priority, key=lambda label: label.same)


NOTHING_CHECKED = Agreement()
