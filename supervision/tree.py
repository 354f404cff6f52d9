"""THE TREE. One page of data, read top to bottom in start order.

`reads` is the wiring: whose streams an actor reads, in the order in which it handles them at a
decision point. Every strategy is one for one, because numbered streams leave nothing stale: a
restarted actor arrives at the state it had, and those who read it go on where they were.
"""

from protocol.settings import SupervisionSettings
from supervision.spec import ChildSpec, Intensity, Restart, SupervisorSpec

SHARED = (
    "numpy", "zmq", "actors.adapters.open", "actors.adapters.store", "actors.adapters.sqlite",
    "actors.recorder", "actors.session", "actors.watchdog", "supervision.streams",
)  # fmt: skip
PREPARED = ("actors.adapters.open.prepare",)
TAPE_FEED = ("actors.feed", "FeedShell", "broker")
# The desk, too: a live contract is not rolled under an open position.
LIVE_FEED = ("actors.live_feed", "LiveFeedShell", "broker", "desk")
DECISIONS = ("bars", "detector", "regime", "router", "risk", "desk", "broker")
NOTIFIER = ("notifier", "actors.notifier.NotifierShell", *DECISIONS, "session")


def floor(
    settings: SupervisionSettings, *, tells: bool = True, live: bool = False
) -> SupervisorSpec:
    """Return the tree of the whole floor: with somebody to be notified, with a live feed."""
    module, feed, *reads = LIVE_FEED if live else TAPE_FEED
    beat_s = settings.beat_ms / 1000
    intensity = Intensity(settings.restarts_max, settings.period_s)

    def child(id: str, start: str, *reads: str, restart: Restart = Restart.PERMANENT) -> ChildSpec:
        return ChildSpec(id=id, start=start, reads=reads, beat_s=beat_s, restart=restart)

    def branch(id: str, preload: tuple[str, ...], *children: ChildSpec) -> SupervisorSpec:
        return SupervisorSpec(id, children, intensity=intensity, beat_s=beat_s, preload=preload)

    market = branch(
        "market",
        ("actors.bars", module, "actors.detector", "actors.regime"),
        child("feed", f"{module}.{feed}", *reads),
        child("bars", "actors.bars.BarsShell", "feed"),
        child("detector", "actors.detector.DetectorShell", "feed", "bars"),
        child("regime", "actors.regime.RegimeShell", "bars"),
    )
    trading = branch(
        "trading",
        ("actors.router", "actors.risk", "actors.desk", "actors.broker"),
        child("router", "actors.router.RouterShell", "regime", "detector"),
        # At a cut first fills, then price and metrics, then signals.
        child("risk", "actors.risk.RiskShell", "desk", "bars", "detector", "router"),
        child("desk", "actors.desk.DeskShell", "risk", "broker"),
        child("broker", "actors.broker.PaperBrokerShell", "feed", "desk"),
    )
    return SupervisorSpec(
        id="root",
        # The market giving up must not close the books on an open position.
        intensity=intensity,
        beat_s=beat_s,
        preload=SHARED, prepare=PREPARED,
        children=(
            child("books", "actors.books.BooksShell", *DECISIONS, "session"),
            child("recorder", "actors.recorder.RecorderShell", "feed"),
            child("session", "actors.session.SessionShell", "feed"),
            market,
            trading,
            # The feed, too: of bars alone nobody knows when the last trade was.
            child("watchdog", "actors.watchdog.WatchdogShell", "feed", *DECISIONS),
            *((child(*NOTIFIER),) if tells else ()),
            # Its death never reaches trading; a person can do without it for a while.
            child("web", "web.actor.WebShell", "feed", *DECISIONS, restart=Restart.TRANSIENT),
        ),
    )
