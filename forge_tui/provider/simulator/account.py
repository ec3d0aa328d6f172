"""Keys and accounts of the simulated provider: who may call, and the token bucket they share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

GOOD_KEY = "sk_sim_ok"
SECOND_GOOD_KEY = "sk_sim_ok_2"
NO_QUOTA_KEY = "sk_sim_noquota"

_ACCOUNT_OF_KEY = {GOOD_KEY: "paying", SECOND_GOOD_KEY: "paying", NO_QUOTA_KEY: "spent"}


def account_of(headers: Mapping[str, str]) -> str | None:
    """The account behind a request's key (either header, names in lower case), None for an unknown key."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    key = headers.get("api-subscription-key") or (bearer if scheme.lower() == "bearer" else "")
    return _ACCOUNT_OF_KEY.get(key)


def has_quota(account: str) -> bool:
    """Whether the account has credits left."""
    return account != "spent"


@dataclass(slots=True)
class TokenBucket:
    """Continuous refill of `per_min / 60` a second up to `capacity`; one token is one request."""

    per_min: float
    capacity: float
    failed_calls_count: bool = False
    _tokens: float = field(init=False)
    _at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tokens = self.capacity

    def take(self, now: float) -> float:
        """Take a token; 0 when there was one, else the seconds until there will be (nothing is taken then)."""
        self._refill(now)
        if self._tokens >= 1 - 1e-9:
            self._tokens -= 1
            return 0.0
        if self.failed_calls_count:
            self._tokens = max(self._tokens - 1, -self.capacity)
        return (1 - self._tokens) * 60 / self.per_min

    def remaining(self, now: float) -> int:
        self._refill(now)
        return max(0, int(self._tokens + 1e-9))

    def full_in_s(self, now: float) -> float:
        self._refill(now)
        return (self.capacity - self._tokens) * 60 / self.per_min

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._tokens = min(self.capacity, self._tokens + (now - self._at) * self.per_min / 60)
        self._at = now
