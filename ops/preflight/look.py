"""What a preflight looks at: the floor, its machine, a time server and the settings, once each.

Nothing here judges. Whatever does not answer within its time is noted as such.
"""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.adapters.heartbeat import read_heartbeat
from actors.adapters.kill_file import KillFile
from actors.adapters.machine import Machine, RealMachine
from actors.adapters.notify.discord import BadWebhook, Discord, webhook_of
from actors.core.risk.tiers import TierRule
from actors.core.rules import hours_of, risk_rule
from actors.core.session.calendar import NEW_YORK, trading_date
from actors.core.session.schedule import upcoming
from actors.core.watch.heartbeat import BadHeartbeat, Heartbeat
from ops.preflight.evidence import Evidence
from ops.preflight.sntp import NoTime, offset_ms
from ops.preflight.trials import notice_trial, state_trial, store_trial
from protocol.day_settings import PreflightSettings
from protocol.instruments import front_month, instrument_of, root_of
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.inspection import NoAnswer, ask
from supervision.status import Node, fold, read_documents

UPCOMING = 4
ROOT_ID = "root"


def look(
    settings: Settings,
    own: PreflightSettings,
    run_dir: Path,
    now_ns: int,
    machine: Machine | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Evidence:
    """Return everything there is to know; `run_dir` may be one in which nothing ran yet."""
    data = run_dir / "data"
    today = trading_date(now_ns)
    beat, damage = _beat(data)
    broker, desk, bars = (_asked(run_dir, actor) for actor in ("broker", "desk", "bars"))
    server_ms, trouble = _server(own)
    desk_state = desk.get("state") or {}
    hours = hours_of(settings.risk, settings.calendar)
    return Evidence(
        now_ns=now_ns,
        contract_wanted=front_month(root_of(settings.feed.symbol), today),
        utc_offset_s=_new_york_s(now_ns),
        closed=f"closed on {today}" if today in hours.schedule.closed else None,
        tree=_tree(run_dir),
        beat=beat,
        damage=damage,
        machine=(machine or RealMachine(_existing(data))).read(),
        server_offset_ms=server_ms,
        server_trouble=trouble,
        broker=str(broker.get("failure", "")),
        fence=None if "fence" not in desk_state else str(desk_state["fence"]),
        differs=tuple(str(contract) for contract in desk_state.get("differs", ())),
        contract=(bars.get("state") or {}).get("contract"),
        limits=bad_limits(settings),
        notified=_notified(settings, own, now_ns),
        credentials=tuple(needed_credentials(settings, environment).items()),
        store=store_trial(settings.store.url, data),
        state=state_trial(data),
        killed=KillFile(run_dir).thrown(),
        upcoming=_upcoming(now_ns, settings),
    )


def needed_credentials(settings: Settings, environment: Mapping[str, str]) -> dict[str, bool]:
    """Return which credentials the settings ask for and whether each is there, never their value.

    A file counts as there when it can be read and holds something.
    """
    export, notify = settings.export, settings.notify
    found: dict[str, bool] = {}
    if export.to == "s3":
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            found[name] = bool(environment.get(name))
    if export.to == "sftp":
        found["export.key_file"] = _holds(export.key_file)
        found["export.known_hosts_file"] = _holds(export.known_hosts_file)
    if notify.discord_webhook_file:
        found["notify.discord_webhook_file"] = _holds(notify.discord_webhook_file)
    return found


def bad_limits(settings: Settings) -> tuple[str, ...]:
    """Return the limits without which nothing may be risked and that are not above 0."""
    try:
        rule = risk_rule(settings, instrument_of(settings.feed.symbol))
        tiers = TierRule.of(settings.tiers).tiers if settings.tiers.enabled else ()
    except ValueError as error:
        return (str(error),)
    found = {
        "daily loss": rule.loss_limit_cents,
        "positions": rule.positions_max,
        "balance": rule.balance_cents,
        "contracts": settings.risk.quantity_max,
        **{f"daily loss of tier {tier.name}": tier.loss_limit_cents for tier in tiers},
    }
    return tuple(f"{name} {value}" for name, value in found.items() if value <= 0)


def _beat(data: Path) -> tuple[Heartbeat | None, str]:
    try:
        return read_heartbeat(data), ""
    except BadHeartbeat as error:
        return None, str(error)


def _asked(run_dir: Path, actor: str) -> dict[str, Any]:
    try:
        return ask(run_dir, actor)
    except NoAnswer as error:
        return {"failure": str(error)}


def _tree(run_dir: Path) -> str | None:
    node = fold(read_documents(run_dir), ROOT_ID, time.monotonic_ns())
    return None if node is None else ", ".join(_unwell(node))


def _unwell(node: Node) -> list[str]:
    own = [] if node.health == "green" else [f"{node.id} is {node.health}"]
    return own + [words for child in node.children for words in _unwell(child)]


def _server(own: PreflightSettings) -> tuple[int | None, str]:
    if not own.time_server:
        return None, ""
    try:
        return offset_ms(own.time_server, own.time_server_timeout_s), ""
    except NoTime as error:
        return None, str(error)


def _notified(settings: Settings, own: PreflightSettings, now_ns: int) -> str | None:
    if not own.notify:
        return None
    try:
        url = webhook_of(settings.notify)
    except BadWebhook as error:
        return str(error)
    return notice_trial(Discord(url, settings.notify.timeout_s) if url else None, now_ns)


def _new_york_s(now_ns: int) -> int:
    offset = datetime.fromtimestamp(now_ns // NANOS_PER_S, UTC).astimezone(NEW_YORK).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def _upcoming(now_ns: int, settings: Settings) -> tuple[str, ...]:
    ahead = upcoming(now_ns, hours_of(settings.risk, settings.calendar), UPCOMING)
    return tuple(f"{one.action} {clock(one.due_ns)}" for one in ahead)


def clock(ts_ns: int) -> str:
    """Return an instant by the clock of New York, "Mon 2025-12-01 09:30:00"."""
    instant = datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC).astimezone(NEW_YORK)
    return f"{instant:%a %Y-%m-%d %H:%M:%S}"


def _existing(path: Path) -> Path:
    """Return the path or the nearest directory above it that is there."""
    return next(place for place in (path, *path.resolve().parents) if place.is_dir())


def _holds(path: str) -> bool:
    try:
        return bool(path) and os.path.getsize(path) > 0 and os.access(path, os.R_OK)
    except OSError:
        return False
