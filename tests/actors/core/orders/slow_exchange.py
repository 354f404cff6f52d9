"""Domain 7.3 and 7.5 one event at a time, written without looking at the other."""

import math
from fractions import Fraction
from typing import Any

from actors.core.orders.fills import PaperRule
from protocol.orders import BracketSubmitted, CancelSubmitted, EntryKind, FlattenSubmitted
from protocol.patterns import Direction


class SlowExchange:
    """Keeps dictionaries, walks trade by trade, and notes (id, what, when, price, how many)."""

    def __init__(self, rule: PaperRule) -> None:
        self.rule = rule
        self.entries: list[dict[str, Any]] = []
        self.positions: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.flatten_from: int | None = None
        self.told: list[tuple] = []

    def command(self, command: Any) -> None:
        start = command.ts_ns + max(self.rule.latency_ns, 1)
        if isinstance(command, FlattenSubmitted):
            if self.entries or self.positions:
                self.flatten_from = min(start, self.flatten_from or start)
        elif isinstance(command, BracketSubmitted):
            expires = command.expires_ns
            if self.flatten_from is None and (expires is None or expires > start):
                self.entries.append(
                    {
                        "id": command.client_id,
                        "from": start,
                        "sign": 1 if command.direction is Direction.LONG else -1,
                        "left": command.quantity,
                        "filled": 0,
                        "limit": command.limit_price if command.entry is EntryKind.LIMIT else None,
                        "expires": expires,
                        "queue": 0,
                        "rests": False,
                        "command": command,
                    }
                )
        elif isinstance(command, CancelSubmitted):
            if self.find(self.entries, command.client_id):
                self.requests.append({"from": start, "command": command})
        elif self.find(self.positions, command.client_id):
            self.requests.append({"from": start, "command": command})

    @staticmethod
    def find(orders: list[dict[str, Any]], client_id: str) -> dict[str, Any] | None:
        return next((order for order in orders if order["id"] == client_id), None)

    def trade(self, ts: int, price: int, size: int, bid: int, ask: int) -> None:
        flattening = self.flatten_from is not None and ts >= self.flatten_from
        for position in list(self.positions):
            if ts > position["opened"]:
                self.leave(position, ts, price, size, bid, ask, flattening)
        for position in self.positions:
            if ts > position["opened"] and not position["stopped"]:
                self.move(position, ts, price)
        self.ask(ts, price)
        for entry in list(self.entries):
            if entry["expires"] is not None and ts >= entry["expires"]:
                self.entries.remove(entry)
                self.told.append((entry["id"], "expired", ts, None, entry["left"]))
        for entry in list(self.entries):
            if flattening:
                self.entries.remove(entry)
                self.told.append((entry["id"], "cancelled", ts, None, entry["left"]))
            elif ts >= entry["from"]:
                self.enter(entry, ts, price, size, bid, ask)
        if not self.positions and not self.entries:
            self.flatten_from = None

    def leave(self, held, ts, price, size, bid, ask, flattening) -> None:
        sign, rule = held["sign"], self.rule
        part = min(held["left"], size) if rule.partial else held["left"]
        if sign * price <= sign * held["stop"] or held["stopped"]:
            held["stopped"] = True
            paid = price - sign * (rule.stop_slippage_ticks + self.more(part))
            fill = ("stop", ts, paid, part)
        else:
            if price == held["target"]:
                held["queue"] += size
            gone = self.limit(held, sign * (price - held["target"]), size, held["taken"])
            if gone:
                held["taken"] += gone
                fill = ("target", ts, held["target"], gone)
            elif flattening:
                fill = ("flatten", ts, self.market(sign < 0, price, bid, ask, part), part)
            else:
                return
        held["left"] -= fill[3]
        self.told.append((held["id"], *fill))
        if held["left"] == 0:
            self.positions.remove(held)
            rest = self.find(self.entries, held["id"])
            if rest:
                self.entries.remove(rest)
                self.told.append((rest["id"], "cancelled", ts, None, rest["left"]))

    def move(self, held, ts, price) -> None:
        terms, sign = held["command"], held["sign"]
        entry = self.anchor(held)
        gain = sign * (price - entry)
        wished = held["stop"]
        if terms.breakeven_ticks and gain >= terms.breakeven_ticks:
            wished = sign * max(sign * wished, sign * (entry + sign * terms.breakeven_offset_ticks))
        if terms.trail_start_ticks and gain >= terms.trail_start_ticks:
            wished = sign * max(sign * wished, sign * (price - sign * terms.trail_ticks))
        if wished != held["stop"]:
            held["stop"], held["moved"] = wished, "terms"
            self.told.append((held["id"], "moved stop", ts, wished, 0))

    def ask(self, ts, price) -> None:
        due = [request for request in self.requests if ts >= request["from"]]
        self.requests = [request for request in self.requests if ts < request["from"]]
        # All that is given up first, then all that moves.
        due.sort(key=lambda request: not isinstance(request["command"], CancelSubmitted))
        for request in due:
            command = request["command"]
            if isinstance(command, CancelSubmitted):
                entry = self.find(self.entries, command.client_id)
                if entry:
                    self.entries.remove(entry)
                    self.told.append((entry["id"], "cancelled", ts, None, entry["left"]))
                else:
                    self.told.append((command.client_id, "refused", ts, None, 0))
                continue
            held = self.find(self.positions, command.client_id)
            leg = command.leg.value
            if held and not held["stopped"] and self.right_side(held, leg, command.price, price):
                held[leg] = command.price
                held["moved" if leg == "stop" else "amended"] = "person"
                held["queue"] = 0 if leg == "target" else held["queue"]
                self.told.append((held["id"], f"moved {leg}", ts, command.price, 0))
            else:
                self.told.append((command.client_id, "refused", ts, None, 0))

    @staticmethod
    def right_side(held, leg, wished, price) -> bool:
        above = wished > price if held["sign"] > 0 else wished < price
        return wished != price and (above if leg == "target" else not above)

    def enter(self, entry, ts, price, size, bid, ask) -> None:
        sign, rule = entry["sign"], self.rule
        if entry["limit"] is None:
            part = min(entry["left"], size) if rule.partial else entry["left"]
            paid = self.market(sign > 0, price, bid, ask, part)
        elif not entry["rests"] and self.better(entry, price, bid, ask):
            # It never rested: the market was there already.
            part = min(entry["left"], size) if rule.partial else entry["left"]
            paid = self.market(sign > 0, price, bid, ask, part)
            paid = sign * min(sign * paid, sign * entry["limit"])
        else:
            entry["rests"] = True
            if price == entry["limit"]:
                entry["queue"] += size
            part = self.limit(entry, sign * (entry["limit"] - price), size, entry["filled"])
            paid = entry["limit"]
        if not part:
            return
        entry["left"] -= part
        entry["filled"] += part
        if not entry["left"]:
            self.entries.remove(entry)
        self.told.append((entry["id"], "entry", ts, paid, part))
        held = self.find(self.positions, entry["id"])
        if held is None:
            held = {**entry, "left": 0, "fills": [], "stopped": False, "taken": 0, "queue": 0}
            held |= {"moved": "", "amended": "", "stop": None, "target": None}
            self.positions.append(held)
        held["left"] += part
        held["opened"] = ts
        held["fills"] += [paid] * part
        level = self.anchor(held)
        stop = level - sign * entry["command"].stop_ticks
        target = level + sign * entry["command"].target_ticks
        if held["moved"] == "terms":
            if sign * stop > sign * held["stop"]:
                held["moved"] = ""
            else:
                stop = held["stop"]
        held["stop"] = held["stop"] if held["moved"] == "person" else stop
        if not held["amended"]:
            held["queue"] = held["queue"] if target == held["target"] else 0
            held["target"] = target

    @staticmethod
    def better(entry, price, bid, ask) -> bool:
        if entry["sign"] > 0:
            return price < entry["limit"] and (ask < entry["limit"] or not bid < ask)
        return price > entry["limit"] and (bid > entry["limit"] or not bid < ask)

    @staticmethod
    def anchor(held) -> int:
        average = Fraction(sum(held["fills"]), len(held["fills"]))
        return math.ceil(average) if held["sign"] > 0 else math.floor(average)

    def limit(self, order, beyond, size, filled) -> int:
        if beyond > 0:
            return order["left"]
        if beyond < 0 or self.rule.target_fill == "through":
            return 0
        if self.rule.target_fill == "touch":
            return min(order["left"], size) if self.rule.partial else order["left"]
        # One by one: the contract is ours once more than all before it has traded.
        mine = 0
        while mine < order["left"] and (order["queue"] > self.rule.displayed + filled + mine + 1):
            mine += 1
        return mine if self.rule.partial or mine == order["left"] else 0

    def more(self, quantity: int) -> int:
        return 1 if self.rule.depth_slippage and quantity > self.rule.displayed else 0

    def market(self, buying, price, bid, ask, quantity) -> int:
        valid, slip = bid < ask, self.rule.slippage_ticks + self.more(quantity)
        if buying:
            return max(price, ask if valid else price) + slip
        return min(price, bid if valid else price) - slip
