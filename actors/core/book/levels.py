"""One side of a book by price.

A key is the price times `sign`, so that on both sides the best has the highest key. It stands last
in the sorted list: changes near the touch, nearly all of them, then move next to nothing.
"""

from bisect import bisect_left, insort


class Levels:
    """The levels of one side that hold anything: [contracts, orders] by key."""

    __slots__ = ("held", "keys", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign  # 1 for bids, -1 for asks.
        self.keys: list[int] = []  # Rising: the best is the last.
        self.held: dict[int, list[int]] = {}

    def put(self, key: int, size: int) -> None:
        """Add an order of `size` contracts."""
        level = self.held.get(key)
        if level is None:
            self.held[key] = [size, 1]
            insort(self.keys, key)
        else:
            level[0] += size
            level[1] += 1

    def take(self, key: int, size: int, whole: bool) -> None:
        """Take `size` contracts of an order away, the `whole` order or a part of it."""
        level = self.held[key]
        level[0] -= size
        if whole:
            level[1] -= 1
            if not level[1]:
                self._remove(key)

    def set(self, key: int, size: int, orders: int) -> None:
        """Set what rests at a level, 0 contracts for nothing."""
        if size <= 0:
            if key in self.held:
                self._remove(key)
        elif key in self.held:
            self.held[key] = [size, orders]
        else:
            self.held[key] = [size, orders]
            insort(self.keys, key)

    def clear(self) -> None:
        """Remove every level."""
        self.keys.clear()
        self.held.clear()

    def best(self, count: int) -> list[tuple[int, int, int]]:
        """Return price, contracts and orders of at most `count` levels, the best first."""
        held, sign = self.held, self.sign
        return [
            (sign * key, held[key][0], held[key][1]) for key in self.keys[: -count - 1 : -1]
        ]

    def _remove(self, key: int) -> None:
        del self.held[key]
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]


def crossed(bids: Levels, asks: Levels) -> bool:
    """Say whether the best bid stands at or above the best ask."""
    return bool(bids.keys and asks.keys) and bids.keys[-1] >= -asks.keys[-1]
