"""Lines of numbers between commas, read by columns: whole numbers, no float on the way.

A price stands in the text as what it is; a float would give it dust that somebody has to wipe off.
All lines of a block are read at once, digit by digit: as many steps as the longest number is long.
"""

import numpy as np
from numpy.typing import NDArray

NUMBER_CHARACTERS_MAX = 20
DIGITS_MAX = 18  # Ten to the power of it still fits an int64.
Numbers = tuple[NDArray[np.int64], NDArray[np.bool_]]


class Lines:
    """The lines of a block and their fields, as columns of places in its bytes.

    A line that has another number of fields than wanted has empty ones: no number is in them.
    """

    def __init__(self, block: bytes, columns: int, first_line: int = 1) -> None:
        self.first_line = first_line
        self._data = np.frombuffer(block if block.endswith(b"\n") else block + b"\n", np.uint8)
        self._ends = np.flatnonzero(self._data == ord("\n"))
        self._starts = np.concatenate(([0], self._ends[:-1] + 1))
        commas = np.flatnonzero(self._data == ord(","))
        counts = np.diff(np.searchsorted(commas, self._ends), prepend=0)
        fitting = counts == columns - 1
        between = commas[np.repeat(fitting, counts)].reshape(-1, columns - 1)
        last = self._ends[fitting]
        # Shape (lines, columns): where each field begins and ends.
        self._left = np.repeat(self._starts[:, None], columns, axis=1)
        self._right = self._left.copy()
        self._left[fitting, 1:] = between + 1
        self._right[fitting, :-1] = between
        self._right[fitting, -1] = last - (self._data[last - 1] == ord("\r"))

    def __len__(self) -> int:
        return len(self._ends)

    def where(self, index: int) -> tuple[int, str]:
        """Return the number of a line and its text."""
        text = self._data[self._starts[index] : self._ends[index]].tobytes()
        return self.first_line + index, text.decode("utf-8", "replace").rstrip("\r")

    def numbers(self, column: int, decimals: int) -> Numbers:
        """Return a column times ten to the power of `decimals`, and where it is such a number.

        A number has an optional minus, digits, and at most one point with up to `decimals` digits
        behind it. Where there is none the value is 0.
        """
        left, width = self._left[:, column], self._right[:, column] - self._left[:, column]
        value = np.zeros(len(self), np.int64)
        digits, behind = np.zeros(len(self), np.int8), np.zeros(len(self), np.int8)
        pointed = np.zeros(len(self), np.bool_)
        good = width <= NUMBER_CHARACTERS_MAX
        minus = self._data[left] == ord("-")
        for place in range(min(int(width.max(initial=0)), NUMBER_CHARACTERS_MAX)):
            inside = place < width
            found = self._data[np.where(inside, left + place, left)]
            digit = found - np.uint8(ord("0"))  # Wraps around: what is no digit is above 9.
            is_digit = inside & (digit < 10)
            value = np.where(is_digit, value * 10 + digit, value)
            digits += is_digit
            behind += is_digit & pointed
            is_point = inside & (found == ord(".")) & ~pointed
            pointed |= is_point
            good &= ~inside | is_digit | is_point | (minus if place == 0 else False)
        good &= (digits > 0) & (behind <= decimals) & (digits - behind <= DIGITS_MAX - decimals)
        value = np.where(good, value, 0) * _POWERS[np.where(good, decimals - behind, 0)]
        return np.where(minus, -value, value), good


_POWERS = 10 ** np.arange(DIGITS_MAX + 1, dtype=np.int64)
