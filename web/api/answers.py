"""What the API answers about the floor itself, its records and who asks."""

from typing import Any, Literal, TypedDict


class SessionStatus(TypedDict):
    """Whether trading goes on, and what stands in its way."""

    state: Literal["trading", "halted", "fenced", "ended", "waiting"]
    contract: str
    clock_ms: int
    cut: int
    simulated: bool
    halted: str | None
    fence: dict[str, str]
    positions: int
    balance_cents: int
    day_pnl_cents: int
    daily_loss_cents: int
    daily_profit_cents: int


class Told(TypedDict):
    """Commands that are recorded: their effect follows in the news."""

    recorded: list[str]
    action: str


class ActorOrder(TypedDict):
    """An order about an actor that was taken; its effect follows in the tree."""

    id: str
    order: Literal["restart", "kill"]
    pid: int


class Actors(TypedDict):
    """The supervision tree; each node as in the section `tree`, with its load."""

    root: dict[str, Any] | None
    host: str


class ActorState(TypedDict):
    """What the tree says of an actor, what it says itself, and its last lines in the log."""

    id: str
    node: dict[str, Any] | None
    inspection: dict[str, Any] | None
    no_answer: str | None
    log: list[dict[str, Any]]


class LinePage(TypedDict):
    """Lines of a log, the newest first."""

    rows: list[dict[str, Any]]
    next: str | None


class RecapRow(TypedDict):
    """A recap that was written."""

    date: str
    written_ms: int
    bytes: int


class RecapPage(TypedDict):
    """Recaps, the newest first."""

    rows: list[RecapRow]
    next: str | None


class Me(TypedDict):
    """Who asks and what he may do."""

    user: str
    role: str
    demo: bool
    login_required: bool


class HealthBody(TypedDict):
    """Whether the page and the floor are well."""

    web: str
    floor: str
    pid: int
