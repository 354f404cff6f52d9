"""Every endpoint of the API: what is not listed here is not served."""

from typing import Any

from protocol.orders import ExitReason
from protocol.patterns import Pattern
from protocol.series import BarKind
from protocol.signals import Regime
from web.api import (
    account,
    actors,
    answers,
    bars,
    control,
    depth,
    limits,
    metrics,
    now,
    openapi,
    records,
    reference,
    rows,
    signals,
    trips,
)
from web.api.endpoint import LIMIT, MS_MAX, Endpoint, Field, Role, Where

BEHIND = "`next` of the page before."
ID = Field(name="id", says="Id of an actor.", pattern=r"[A-Za-z0-9_.-]{1,64}")
DATE = Field(name="date", says="Trading date.", pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}", most=10)
SERIES = Field(name="series", says="Like time:300; the first where it is left out.",
               pattern=rf"({'|'.join(BarKind)}):[1-9][0-9]{{0,6}}")  # fmt: skip
CONTRACT = Field(name="contract", says="Of this contract, else there is none.",
                 pattern=r"[A-Za-z0-9_.:-]{1,32}", most=32)
BEFORE = Field(name="before_ms", kind="int", most=MS_MAX, says="Bars that ended earlier.")
FROM = Field(name="from_ms", kind="int", most=MS_MAX, says="From this instant on.")
TO = Field(name="to_ms", kind="int", most=MS_MAX, says="Up to this instant.")
PATTERN = Field(name="pattern", says="Of this pattern alone.", choices=tuple(map(str, Pattern)))
REGIME = Field(name="regime", says="In this regime alone.", choices=tuple(map(str, Regime)))
REASON = Field(name="reason", says="Left for this reason.", choices=tuple(map(str, ExitReason)))
SORT = Field(name="sort", says="By what; - for descending.", choices=trips.SORTS, default="-closed")
FATE = Field(name="fate", says="That came to this.",
             choices=("raised", "dropped", "target", "approved", "denied", "bracket"))  # fmt: skip
BY = Field(name="by", says="The dimension.", choices=tuple(trips.DIMENSIONS), default="pattern")
TRAIL = Field(name="trail", says="Id of a signal or a flatten: only what came of it.",
              pattern=r"[A-Za-z0-9_.:-]{1,100}")  # fmt: skip
ACTOR = Field(name="actor", says="Of this actor alone.", pattern=r"[A-Za-z0-9_.-]{1,64}")
LEVEL = Field(name="level", says="From this level on.", choices=records.LEVELS, default="debug")
PLACE = Field(name="cursor", says=BEHIND, pattern=r"[0-9]{1,20}-[0-9]{1,18}", most=40)
NUMBER = Field(name="cursor", says=BEHIND, pattern=r"[0-9]{1,15}", most=15)
ROW = Field(name="cursor", says=BEHIND, pattern=r"[A-Za-z0-9_.:-]{1,100}", most=100)
DAY = Field(name="cursor", says=BEHIND, pattern=DATE.pattern, most=10)
OF_TRIPS = (FROM, TO, PATTERN, REGIME, REASON)
JSON_OR_CSV = ("application/json", "text/csv")
FLOOR, MARKET, TRADING, RECORDS, CONTROL, ACCOUNT, API = (
    "The floor", "The market", "Trading", "Records", "Control", "Account", "This API",
)


def _get(path: str, done: Any, returns: Any, tag: str, *query: Field, **more: Any) -> Endpoint:
    return Endpoint(method="GET", path=path, answers=done, returns=returns, tag=tag,
                    summary=_first(done), query=query, **more)  # fmt: skip


def _post(path: str, done: Any, returns: Any, tag: str, body: Any, **more: Any) -> Endpoint:
    return Endpoint(method="POST", path=path, answers=done, returns=returns, tag=tag,
                    summary=_first(done), body=body, **more)  # fmt: skip


def _order(path: str, done: Any) -> Endpoint:
    return _post(path, done, answers.Told, CONTROL, control.Order, role=Role.OPERATOR,
                 refusals=(409,), where=Where.ORDERS, status=202)  # fmt: skip


def _about(path: str, done: Any) -> Endpoint:
    return _post(path, done, answers.ActorOrder, CONTROL, actors.ActorWish, role=Role.OPERATOR,
                 path_fields=(ID,), refusals=(409,), where=Where.ORDERS, status=202)  # fmt: skip


def _first(done: Any) -> str:
    return str(done.__doc__).partition("\n")[0].rstrip(".")


ENDPOINTS: tuple[Endpoint, ...] = (
    _get("/api/state", now.state, dict[str, Any], FLOOR, where=Where.LOOP),
    _get("/api/session/status", now.session, answers.SessionStatus, FLOOR, where=Where.LOOP),
    _get("/api/actors", actors.actors, answers.Actors, FLOOR),
    _get("/api/actors/{id}", actors.actor, answers.ActorState, FLOOR, path_fields=(ID,)),
    _get("/health", now.health, answers.HealthBody, FLOOR, role=Role.ANYBODY),
    _get("/metrics", metrics.metrics, None, FLOOR, media=("text/plain",), by_token=True),
    _get("/api/bars", bars.bars, rows.BarPage, MARKET, SERIES, BEFORE, LIMIT, refusals=(404,)),
    _get("/api/footprint", bars.footprints, rows.FootprintPage, MARKET, SERIES,
         Field(name="end_ms", kind="int", most=MS_MAX, says="Only the bar that ended then."),
         BEFORE, LIMIT, refusals=(404,)),
    _get("/api/series", bars.all_series, rows.SeriesPage, MARKET, where=Where.LOOP),
    _get("/api/tape", bars.tape, rows.TapePage, MARKET, LIMIT, refusals=(404,)),
    _get("/api/depth", depth.depth, depth.DepthBody, MARKET, CONTRACT, refusals=(404,),
         where=Where.LOOP),
    _get("/api/signals", signals.signals, rows.SignalPage, TRADING, FROM, TO, PATTERN, REGIME,
         FATE, NUMBER, LIMIT, media=JSON_OR_CSV),
    _get("/api/trades", trips.trades, rows.TradePage, TRADING, *OF_TRIPS, SORT, ROW, LIMIT,
         media=JSON_OR_CSV, refusals=(404,)),
    _get("/api/positions", now.positions, rows.PositionPage, TRADING, where=Where.LOOP),
    _get("/api/equity", trips.equity, rows.EquityPage, TRADING, *OF_TRIPS, ROW, LIMIT,
         refusals=(404,)),
    _get("/api/statistics", trips.statistics, rows.StatisticsPage, TRADING, BY, *OF_TRIPS),
    _get("/api/recaps", records.recaps, answers.RecapPage, RECORDS, DAY, LIMIT),
    _get("/api/recap/{date}", records.recap, dict[str, Any], RECORDS, path_fields=(DATE,)),
    _get("/api/logs", records.logs, answers.LinePage, RECORDS, TRAIL, ACTOR, LEVEL, PLACE, LIMIT),
    _get("/api/audit", records.audit, answers.LinePage, RECORDS, PLACE, LIMIT),
    _get("/api/settings", limits.settings, limits.SettingsBody, CONTROL, where=Where.LOOP),
    Endpoint(method="PATCH", path="/api/settings", answers=limits.change, tag=CONTROL,
             summary=_first(limits.change), returns=limits.Changed, body=limits.Change,
             role=Role.OPERATOR, refusals=(404, 409), where=Where.ORDERS, status=202),
    _order("/api/session/start", control.start),
    _order("/api/session/stop", control.stop),
    _order("/api/session/halt", control.halt),
    _order("/api/session/resume", control.resume),
    _order("/api/session/flatten", control.flatten),
    _order("/api/position/force-sync", control.force_sync),
    _order("/api/kill", control.kill),
    _about("/api/actors/{id}/restart", actors.restart),
    _about("/api/actors/{id}/kill", actors.kill),
    _get("/api/me", now.me, answers.Me, ACCOUNT, role=Role.ANYBODY, where=Where.LOOP),
    _post("/api/login", account.log_in, account.LoggedIn, ACCOUNT, account.Login,
          role=Role.ANYBODY, refusals=(401, 409, 429)),
    _post("/api/logout", account.log_out, account.LoggedOut, ACCOUNT, None,
          role=Role.ANYBODY),
    _get("/api/openapi.json", openapi.openapi, dict[str, Any], API, role=Role.ANYBODY),
    _get("/api/reference", reference.reference, None, API, role=Role.ANYBODY,
         media=("text/html",), where=Where.LOOP),
    _get("/api/reference.css", reference.style, None, API, role=Role.ANYBODY,
         media=("text/css",), where=Where.LOOP),
)  # fmt: skip
