"""The Command Center: what it says of the market, the position, the day and the floor."""

from protocol.account import TradingHalted, TradingResumed
from protocol.fence import FenceCause, FenceClosed
from protocol.units import Cents, Nanos
from tests.makers import at, make_bracket, make_closed, make_opened, make_signal, make_submitted
from tests.web.api.days import make_condition
from tests.web.pages.conftest import Look, Room

EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


def test_it_shows_condition_regime_price_and_pressure(room: Room, look: Look) -> None:
    room.floor.fold(make_condition(at("12:00"), value_low=20_010, value_high=20_030, poc=20_020))
    look.go(room, "/")
    look.until("#condition", "Balance")
    look.until("#regime", "Volatile")
    assert look.text("#last") == "5008.00"
    assert look.text("#contract") == "ESZ5"
    # The last bar: 10 + 69 + 12 + 3 sold, 108 bought.
    assert "47 %" in look.text("#pressure")
    assert "53 %" in look.text("#pressure")
    levels = look.page.locator("#levels").text_content()
    for name in ("VAH", "POC", "VAL", "VWAP"):
        assert name in levels


def test_a_position_is_shown_with_its_result_and_what_protects_it(room: Room, look: Look) -> None:
    look.go(room, "/")
    look.until("#position", "Flat")
    room.floor.fold(make_bracket())
    room.floor.fold(make_opened())
    look.until("#position", "Long 1")
    # Marked at 20,032: 32 ticks of $12.50.
    assert "+$400.00" in look.text("#position")
    assert "4996.00" in look.page.locator("#bracket").text_content()
    assert look.page.locator("#working tr").count() == 2
    room.floor.fold(make_closed())
    look.until("#position", "Flat")
    look.until("#pnl", "+$295.50")


def test_an_order_works_until_something_ends_it_whichever_is_told_first(
    room: Room, look: Look
) -> None:
    from protocol.reports import OrderCancelled

    look.go(room, "/")
    room.floor.fold(make_submitted(client_id="a"))
    look.until("#working", "entry")
    cancelled = {"client_id": "a", "contract": "ESZ5", "leg": "entry", "left": 1}
    fields = OrderCancelled.__dataclass_fields__
    values = {"ts_ns": Nanos(at("10:05")), "reason": "told"} | cancelled
    room.floor.fold(OrderCancelled(**{name: values.get(name, "") for name in fields}))
    look.until("#working", "none")


def test_a_halt_and_a_closed_fence_stand_in_banners_until_they_are_over(
    room: Room, look: Look
) -> None:
    look.go(room, "/trades")
    halted = TradingHalted(
        ts_ns=Nanos(at("12:00")), reason="daily_loss", day_pnl_cents=Cents(-30_000),
        limit_cents=Cents(30_000),
    )  # fmt: skip
    room.floor.fold(halted)
    look.until(".banner.alarm", "Trading is halted: daily loss")
    assert look.text("#halt") == "Resume"
    room.floor.fold(FenceClosed(ts_ns=at("12:00"), cause=FenceCause.KILL, detail="by hand"))
    look.until(".banner.amber", "Fence closed")
    room.floor.fold(TradingResumed(ts_ns=Nanos(at("12:01")), reason="told"))
    look.page.wait_for_selector(".banner.alarm", state="detached")
    assert look.text("#halt") == "Halt"


def test_what_comes_in_as_text_stays_text(room: Room, look: Look) -> None:
    room.floor.fold(make_signal(id="evil", detail=EVIL))
    room.floor.fold(FenceClosed(ts_ns=at("12:00"), cause=FenceCause.KILL, detail=EVIL))
    for path in ("/", "/signals", "/settings"):
        look.go(room, path)
        look.until(".banner.amber", "<img src=x")
        assert look.page.locator("main img, #banners img, main script").count() == 0
        assert look.page.title() not in ("1", "2")
    assert look.wrong == []


def test_a_light_goes_red_with_its_actor(room: Room, look: Look) -> None:
    from tests.web.rooms import child, write_status

    look.go(room, "/")
    look.until("#lights li:has-text('feed')", "●")
    write_status(room.run_dir, "market", child("feed", health="red"), child("bars"))
    look.until("#lights li:has-text('feed')", "✕")
