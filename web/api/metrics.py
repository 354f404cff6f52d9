"""The floor in numbers, as Prometheus reads them (text format 0.0.4)."""

from collections.abc import Iterable
from typing import Any

from protocol.system import Health
from web.api.endpoint import Answer, Call
from web.api.loads import each

MEDIA = "text/plain; version=0.0.4"
Sample = tuple[dict[str, str], float]


def metrics(call: Call) -> Answer:
    """Processes, trading and the page itself, in numbers."""
    return Answer(text="".join(_families(call)), media=MEDIA)


def family(name: str, kind: str, says: str, samples: Iterable[Sample]) -> str:
    """Return one family of samples; of none, nothing."""
    lines = [f"{name}{_labels(labels)} {_number(value)}\n" for labels, value in samples]
    return f"# HELP {name} {says}\n# TYPE {name} {kind}\n{''.join(lines)}" if lines else ""


def _families(call: Call) -> Iterable[str]:
    house = call.house
    yield from _of_tree(call)
    yield from _of_feed(call)
    session, held = house.floor.session(), house.floor.positions()
    counts = house.floor.sections()["head"]["counts"]
    now: dict[str, tuple[str, float]] = {
        "floorwatch_trading_halted": ("1 while a halt stands.", session["halted"] is not None),
        "floorwatch_fence_causes": ("What keeps entries from being sent.", len(session["fence"])),
        "floorwatch_positions": ("Positions held.", session["positions"]),
        "floorwatch_contracts_held": ("Contracts held.", sum(r["quantity"] for r in held["rows"])),
        "floorwatch_balance_cents": ("Balance of the account.", session["balance_cents"]),
        "floorwatch_day_pnl_cents": ("Net result of the day.", session["day_pnl_cents"]),
        "floorwatch_clock_seconds": ("Time of the market.", session["clock_ms"] / 1000),
        "floorwatch_web_pages": ("Pages that are told the news.", house.news.clients),
    }
    for name, (says, value) in now.items():
        yield family(name, "gauge", says, [({}, value)])
    yield family("floorwatch_messages_folded_total", "counter", "Messages the page took in.",
                 [({"kind": kind}, count) for kind, count in sorted(counts.items())])  # fmt: skip
    yield family("floorwatch_web_requests_total", "counter", "Requests answered, by status.",
                 [({"status": str(status)}, count)
                  for status, count in sorted(house.answered.items())])  # fmt: skip
    yield family("floorwatch_web_resynchronised_total", "counter", "Pages that fell behind.",
                 [({}, house.news.behind)])  # fmt: skip
    yield family("floorwatch_audit_unwritten_total", "counter", "Audit lines the disk refused.",
                 [({}, house.audit.unwritten)])  # fmt: skip


def _of_tree(call: Call) -> Iterable[str]:
    root = call.house.floor.tree()
    nodes = [] if root is None else list(each(root))
    loads = {} if root is None else call.house.loads.of(root)
    told: dict[str, tuple[str, str, Any]] = {
        "health": ("gauge", "0 green, 1 yellow, 2 red.",
                   lambda node: list(Health).index(node.health)),
        "restarts_total": ("counter", "Restarts.", lambda node: node.restarts),
        "memory_bytes": ("gauge", "Resident memory.", lambda node: node.memory_bytes),
        "cpu_seconds_total": ("counter", "Processor time.", lambda node: loads[node.id]["cpu_s"]),
        "messages_in_total": ("counter", "Messages taken in.", lambda node: node.messages_in),
        "messages_out_total": ("counter", "Messages published.", lambda node: node.messages_out),
        "beat_age_seconds": ("gauge", "Since the last beat.", lambda node: node.beat_age_s or 0),
        "cut": ("gauge", "The last decision point passed.", lambda node: node.cut),
        "queue": ("gauge", "Decision points behind.", lambda node: loads[node.id]["queue"]),
    }  # fmt: skip
    for name, (kind, says, of) in told.items():
        samples = [({"actor": node.id}, of(node)) for node in nodes]
        yield family(f"floorwatch_actor_{name}", kind, says, samples)


def _of_feed(call: Call) -> Iterable[str]:
    """Yield what a live feed says; a simulated one has no link that could be told of."""
    if call.house.settings.feed.source == "simulated":
        return
    for figure in call.house.feed.now():
        name = f"floorwatch_feed_{figure.name}"
        yield family(name, figure.kind, figure.says, [({}, figure.value)])


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
