"""The settings of the live feed from Databento: what is subscribed, and when it counts as lost.

Which symbol the floor trades is `feed.symbol`: of a root, "ES", the front month is taken, either
out of all its months or as the gateway's own continuous symbol; a contract, "ESH4", is taken as it
is.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from protocol.pattern_settings import PositiveInt, WholeNumber

TradeSchema = Literal["trades", "tbbo", "mbp-1", "mbp-10", "mbo"]
SideSchema = Literal["definition", "status", "statistics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabentoSettings:
    """How the gateway is reached and listened to."""

    # Holds the key, mode 600; without it the key is in DATABENTO_API_KEY. The key itself is no
    # setting: settings are kept beside a run's data, and its owner's money can be spent with it.
    key_file: str = ""
    dataset: str = "GLBX.MDP3"
    # Whose records bring the trades. Those of mbp-10 tell the ten best levels, too (`feed.depth`);
    # mbo does so in recordings alone: a snapshot is not to be had together with what was missed.
    schema: TradeSchema = "trades"
    beside: tuple[SideSchema, ...] = ("definition", "status")
    symbology: Literal["parent", "continuous"] = "parent"  # Of a root.
    rank: Literal["c", "v", "n"] = "v"  # Of a continuous symbol: calendar, volume, open interest.
    gateway: str = ""  # Empty: the one of the data set.
    port: Annotated[int, Ge(1), Le(65535)] = 13_000
    compression: Literal["none", "zstd"] = "none"
    heartbeat_s: PositiveInt = 5  # The gateway is never silent for longer; 5 at least, it says.
    stall_s: PositiveInt = 15  # Silent for longer, from the first moment on, it is given up.
    backoff_ms: PositiveInt = 1_000  # Before the first new attempt; doubled with each ...
    backoff_max_s: PositiveInt = 60  # ... up to this.
    grace_ms: PositiveInt = 500  # A bar waits so long for trades on their way to us.
    overlap_ms: WholeNumber = 2_000  # Asked for again after a break, on top of what is missing.
    lag_max_s: WholeNumber = 10  # Trades that come later are no basis for an entry; 0: not looked.
