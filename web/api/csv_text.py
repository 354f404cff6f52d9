"""Rows as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # A spreadsheet would compute what begins so.


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of the same fields with a head line; of no row there is no head."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
