"""The patterns of domain 2 and 3: their names, which way they point and what belongs together."""

from enum import StrEnum


class Direction(StrEnum):
    """Which way a signal points."""

    LONG = "long"
    SHORT = "short"
    NONE = "none"


class Family(StrEnum):
    """Patterns that are evidence of the same thing: together they count once."""

    IMBALANCE = "imbalance"
    EXHAUSTION = "exhaustion"
    ABSORPTION = "absorption"
    DIVERGENCE = "divergence"
    PARTICIPATION = "participation"
    UNFINISHED = "unfinished"
    CONTEXT = "context"
    FLOW = "flow"


class Pattern(StrEnum):
    """What was seen (domain 2); FLOW is the verdict of the metrics (domain 3)."""

    BUY_IMBALANCE = "buy_imbalance"
    SELL_IMBALANCE = "sell_imbalance"
    HORIZONTAL_BUY = "horizontal_buy"
    HORIZONTAL_SELL = "horizontal_sell"
    STACKED_BUY = "stacked_buy"
    STACKED_SELL = "stacked_sell"
    BUYING_EXHAUSTION = "buying_exhaustion"
    SELLING_EXHAUSTION = "selling_exhaustion"
    UPTREND_EXHAUSTION = "uptrend_exhaustion"
    DOWNTREND_EXHAUSTION = "downtrend_exhaustion"
    BUYING_ABSORPTION = "buying_absorption"
    SELLING_ABSORPTION = "selling_absorption"
    TAPE_BUYING_ABSORPTION = "tape_buying_absorption"
    TAPE_SELLING_ABSORPTION = "tape_selling_absorption"
    LEVEL_BUYING_ABSORPTION = "level_buying_absorption"
    LEVEL_SELLING_ABSORPTION = "level_selling_absorption"
    EFFORT_BUYING_ABSORPTION = "effort_buying_absorption"
    EFFORT_SELLING_ABSORPTION = "effort_selling_absorption"
    BULLISH_DELTA_DIVERGENCE = "bullish_delta_divergence"
    BEARISH_DELTA_DIVERGENCE = "bearish_delta_divergence"
    HIDDEN_BULLISH_DIVERGENCE = "hidden_bullish_divergence"
    HIDDEN_BEARISH_DIVERGENCE = "hidden_bearish_divergence"
    BULLISH_BAR_DIVERGENCE = "bullish_bar_divergence"
    BEARISH_BAR_DIVERGENCE = "bearish_bar_divergence"
    LACK_OF_BUYERS = "lack_of_buyers"
    LACK_OF_SELLERS = "lack_of_sellers"
    POC_WITHOUT_BUYERS = "poc_without_buyers"
    POC_WITHOUT_SELLERS = "poc_without_sellers"
    UNFINISHED_HIGH = "unfinished_high"
    UNFINISHED_LOW = "unfinished_low"
    UNFINISHED_REVISITED = "unfinished_revisited"
    TRAPPED_BUYERS = "trapped_buyers"
    TRAPPED_SELLERS = "trapped_sellers"
    INITIATIVE_BUYING = "initiative_buying"
    INITIATIVE_SELLING = "initiative_selling"
    RESPONSIVE_BUYING = "responsive_buying"
    RESPONSIVE_SELLING = "responsive_selling"
    FLOW_BUYING = "flow_buying"
    FLOW_SELLING = "flow_selling"


# Those who absorb are passive: buying absorption is passive buyers under aggressive sellers.
_MEANINGS = {
    (Family.IMBALANCE, Direction.LONG): (
        Pattern.BUY_IMBALANCE, Pattern.HORIZONTAL_BUY, Pattern.STACKED_BUY,
    ),
    (Family.IMBALANCE, Direction.SHORT): (
        Pattern.SELL_IMBALANCE, Pattern.HORIZONTAL_SELL, Pattern.STACKED_SELL,
    ),
    (Family.EXHAUSTION, Direction.LONG): (
        Pattern.SELLING_EXHAUSTION, Pattern.DOWNTREND_EXHAUSTION,
    ),
    (Family.EXHAUSTION, Direction.SHORT): (
        Pattern.BUYING_EXHAUSTION, Pattern.UPTREND_EXHAUSTION,
    ),
    (Family.ABSORPTION, Direction.LONG): (
        Pattern.BUYING_ABSORPTION, Pattern.TAPE_BUYING_ABSORPTION,
        Pattern.LEVEL_BUYING_ABSORPTION, Pattern.EFFORT_BUYING_ABSORPTION,
    ),
    (Family.ABSORPTION, Direction.SHORT): (
        Pattern.SELLING_ABSORPTION, Pattern.TAPE_SELLING_ABSORPTION,
        Pattern.LEVEL_SELLING_ABSORPTION, Pattern.EFFORT_SELLING_ABSORPTION,
    ),
    (Family.DIVERGENCE, Direction.LONG): (
        Pattern.BULLISH_DELTA_DIVERGENCE, Pattern.HIDDEN_BULLISH_DIVERGENCE,
        Pattern.BULLISH_BAR_DIVERGENCE,
    ),
    (Family.DIVERGENCE, Direction.SHORT): (
        Pattern.BEARISH_DELTA_DIVERGENCE, Pattern.HIDDEN_BEARISH_DIVERGENCE,
        Pattern.BEARISH_BAR_DIVERGENCE,
    ),
    (Family.PARTICIPATION, Direction.LONG): (
        Pattern.LACK_OF_SELLERS, Pattern.POC_WITHOUT_SELLERS,
    ),
    (Family.PARTICIPATION, Direction.SHORT): (
        Pattern.LACK_OF_BUYERS, Pattern.POC_WITHOUT_BUYERS,
    ),
    (Family.UNFINISHED, Direction.LONG): (Pattern.UNFINISHED_HIGH,),
    (Family.UNFINISHED, Direction.SHORT): (Pattern.UNFINISHED_LOW,),
    (Family.UNFINISHED, Direction.NONE): (Pattern.UNFINISHED_REVISITED,),
    (Family.CONTEXT, Direction.LONG): (
        Pattern.TRAPPED_SELLERS, Pattern.INITIATIVE_BUYING, Pattern.RESPONSIVE_BUYING,
    ),
    (Family.CONTEXT, Direction.SHORT): (
        Pattern.TRAPPED_BUYERS, Pattern.INITIATIVE_SELLING, Pattern.RESPONSIVE_SELLING,
    ),
    (Family.FLOW, Direction.LONG): (Pattern.FLOW_BUYING,),
    (Family.FLOW, Direction.SHORT): (Pattern.FLOW_SELLING,),
}  # fmt: skip

FAMILY: dict[Pattern, Family] = {
    pattern: family for (family, _), patterns in _MEANINGS.items() for pattern in patterns
}
DIRECTION: dict[Pattern, Direction] = {
    pattern: direction for (_, direction), patterns in _MEANINGS.items() for pattern in patterns
}
# Where price is drawn to, never a reason to enter (domain 2.7).
MAGNETS = frozenset({Pattern.UNFINISHED_HIGH, Pattern.UNFINISHED_LOW})
