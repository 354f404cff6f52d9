"""How often somebody may try to log in: a few failures, then a wait.

An attempt counts as failed before it is looked at, so that many at once get no more guesses than
one after the other; a success takes it back.
"""

from collections import OrderedDict, deque
from threading import Lock

WINDOW_S = 15 * 60.0
BY_NAME_MAX = 5  # Failures of one name from one address.
BY_ADDRESS_MAX = 20
IN_ALL_MAX = 200  # Whoever comes from many addresses still gets no more guesses.
KEYS_MAX = 2_000
ALL = ("", "")
Key = tuple[str, str]


class Attempts:
    """Counts failures of the last quarter of an hour; `now_s` is any clock that never goes back."""

    def __init__(self) -> None:
        self._failed: OrderedDict[Key, deque[float]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str, address: str, now_s: float) -> float:
        """Count an attempt and return 0, or return how long to wait until one is taken."""
        keys = _keys(name, address)
        with self._lock:
            wait_s = max(self._wait(key, most, now_s) for key, most in keys)
            if wait_s == 0:
                for key, most in keys:
                    self._failed.setdefault(key, deque(maxlen=most)).append(now_s)
                    self._failed.move_to_end(key)
                while len(self._failed) > KEYS_MAX:
                    # The oldest goes, but never the count of all.
                    del self._failed[next(key for key in self._failed if key != ALL)]
            return wait_s

    def succeeded(self, name: str, address: str) -> None:
        """Take an attempt back, and forget the failures of that name from there."""
        with self._lock:
            self._failed.pop((name, address), None)
            for key, _ in _keys(name, address)[1:]:
                if self._failed.get(key):
                    self._failed[key].pop()

    def _wait(self, key: Key, most: int, now_s: float) -> float:
        times = self._failed.get(key)
        if times is None or len(times) < most:
            return 0.0
        return max(0.0, times[0] + WINDOW_S - now_s)


def _keys(name: str, address: str) -> tuple[tuple[Key, int], ...]:
    return ((name, address), BY_NAME_MAX), (("", address), BY_ADDRESS_MAX), (ALL, IN_ALL_MAX)
