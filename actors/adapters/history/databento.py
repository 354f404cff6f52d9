"""Databento's historical service, through its own client (facts B).

The client is heavy and speaks in one thread, so it is loaded here alone, by a command or by a
child, never by an actor. It takes a private authority only from the environment. What is free is
asked again when the service says that it was asked too often; what is paid is asked for once.
"""

import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from actors.adapters.history.errors import explained
from actors.adapters.history.port import Estimate, Fetched, HistoryError, Piece, Spans, cents_of
from protocol.history_settings import HistorySettings
from protocol.units import NANOS_PER_S

KEY = "DATABENTO_API_KEY"
ATTEMPTS_MAX = 3
WAIT_MAX_S = 30
_CA = "REQUESTS_CA_BUNDLE"

T = TypeVar("T")


class TooMany(HistoryError):
    """The service was asked too often; after `wait_s` it may be asked again."""

    def __init__(self, text: str, wait_s: int) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class DatabentoHistory:
    """The historical service as a `History`."""

    def __init__(
        self, settings: HistorySettings, key: str, wait: Callable[[float], None] = time.sleep
    ) -> None:
        if not key.strip():
            raise HistoryError(f"no key for Databento; set databento.key_file, or {KEY}")
        # The client would make https of it without a word.
        if not settings.gateway.startswith("https://"):
            raise HistoryError(f"history.gateway: found {settings.gateway!r}, wanted https://...")
        if settings.ca_file and not Path(settings.ca_file).is_file():
            raise HistoryError(f"history.ca_file: found no file {settings.ca_file!r}")
        self._settings = settings
        self._key = key
        self._wait = wait
        import databento

        self._client = databento.Historical(key=key, gateway=settings.gateway)
        for api in (self._client.metadata, self._client.symbology, self._client.timeseries):
            api.TIMEOUT = settings.timeout_s

    def until_ns(self, dataset: str) -> int:
        """Return where the history of a data set ends, to the microsecond before."""
        found = self._free(lambda: self._client.metadata.get_dataset_range(dataset))
        try:
            end = datetime.fromisoformat(found["end"])
        except (TypeError, KeyError, ValueError):
            raise HistoryError(f"found {found!r} as the range of {dataset}") from None
        if end.tzinfo is None:
            end = end.replace(tzinfo=UTC)
        seconds = int(end.replace(microsecond=0).timestamp())
        return seconds * NANOS_PER_S + end.microsecond * 1_000

    def contracts(self, dataset: str, symbol: str, from_day: str, to_day: str) -> Spans:
        """Return which contract a raw or continuous symbol means on which days."""
        days = (dataset, from_day, to_day)
        if "." not in symbol:
            found = self._resolve([symbol], "raw_symbol", "instrument_id", *days)
            return tuple((first, end, symbol) for first, end, _ in found.get(symbol, ()))
        by_id = self._resolve([symbol], "continuous", "instrument_id", *days).get(symbol, ())
        if not by_id:
            return ()
        ids = sorted({number for _, _, number in by_id})
        names = self._resolve(ids, "instrument_id", "raw_symbol", *days)
        spans = []
        for first, end, number in by_id:
            # An id may come to mean another contract later; its name is that of the same days.
            day = max(first, from_day)
            raw = next((n for a, b, n in names.get(number, ()) if a <= day < b), "")
            if not raw:
                raise HistoryError(f"{symbol} means id {number} from {first} on, which has no name")
            spans.append((first, end, raw))
        return tuple(spans)

    def estimate(self, piece: Piece) -> Estimate:
        """Return what a piece costs, and how much it is."""
        metadata, what = self._client.metadata, _request(piece)
        cost = self._free(lambda: metadata.get_cost(**what))
        return Estimate(
            cost_cents=cents_of(cost),
            records=_count(self._free(lambda: metadata.get_record_count(**what))),
            size_bytes=_count(self._free(lambda: metadata.get_billable_size(**what))),
        )

    def fetch(self, piece: Piece, draft: Path) -> Fetched:
        """Buy a piece: the one request that costs money, made once."""
        fetched = Fetched()
        with warnings.catch_warnings(record=True) as heard, self._speaking():
            warnings.simplefilter("always")
            # What it returns has the file open, and is let go here.
            missing = _missing(self._client.timeseries.get_range(**_request(piece), path=draft))
        fetched.warnings += [
            str(one.message) for one in heard if one.category.__name__.startswith("Bento")
        ]
        if missing:
            fetched.warnings.append(f"not all of it is there: {', '.join(missing)}")
        return fetched

    def _resolve(
        self, symbols: list[str], kind: str, into: str, dataset: str, from_day: str, to_day: str
    ) -> dict[str, Spans]:
        found = self._free(
            lambda: self._client.symbology.resolve(
                dataset=dataset, symbols=symbols, stype_in=kind, stype_out=into,
                start_date=from_day, end_date=to_day,
            )
        )  # fmt: skip
        try:
            return {
                symbol: tuple((one["d0"], one["d1"], one["s"]) for one in spans)
                for symbol, spans in found["result"].items()
            }
        except (TypeError, KeyError, AttributeError):
            raise HistoryError(f"found {found!r} as the meaning of {symbols}") from None

    def _free(self, ask: Callable[[], T]) -> T:
        """Return an answer that costs nothing, waiting where the service asks for it."""
        for attempt in range(ATTEMPTS_MAX):
            try:
                with self._speaking():
                    return ask()
            except TooMany as error:
                if attempt == ATTEMPTS_MAX - 1 or error.wait_s > WAIT_MAX_S:
                    raise
                self._wait(error.wait_s)
        raise AssertionError("the last attempt returned or raised")

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Trust the authority of the settings meanwhile, and turn what goes wrong into words."""
        from databento.common.error import BentoError, BentoHttpError
        from databento_dbn import DBNError

        # OSError: no connection, bad TLS, a full disk. The others: a body of no shape it expects.
        wrong = (BentoError, DBNError, OSError, ValueError, AttributeError, TypeError)
        before = os.environ.get(_CA)
        if self._settings.ca_file:
            os.environ[_CA] = self._settings.ca_file
        try:
            yield
        except BentoHttpError as error:
            headers = dict(error.headers)
            text = self._hidden(explained(error.http_status, error.json_body, headers))
            if error.http_status == 429:
                wait = headers.get("Retry-After", "")
                raise TooMany(text, int(wait) if wait.isdecimal() else 1) from None
            raise HistoryError(text) from None
        except wrong as error:
            said = self._hidden(f"{type(error).__name__}: {error}")
            raise HistoryError(f"{self._settings.gateway}: {said}") from None
        finally:
            if before is None:
                os.environ.pop(_CA, None)
            else:
                os.environ[_CA] = before

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, f"({KEY})")


def _request(piece: Piece) -> dict[str, Any]:
    return {
        "dataset": piece.dataset,
        "schema": piece.schema,
        "symbols": [piece.contract],
        "stype_in": "raw_symbol",
        "start": piece.start_ns,
        "end": piece.end_ns,
    }


def _missing(store: Any) -> list[str]:
    return [str(symbol) for symbol in (*store.metadata.not_found, *store.metadata.partial)]


def _count(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise HistoryError(f"found {found!r} as a count, wanted a whole number")
    return found
