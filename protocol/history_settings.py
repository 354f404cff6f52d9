"""The settings of bought history: where it is asked for, what it may cost, where it is kept.

The key is that of the live feed (`databento.key_file`, or DATABENTO_API_KEY in the environment).
Nothing is bought unless somebody says so: `start.py fetch` is such a word, and `warmup` is the one
for every start of the floor.
"""

from dataclasses import dataclass

from protocol.pattern_settings import PositiveInt, WholeNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """How past trades are bought (domain 8.3)."""

    warmup: bool = False  # Whether a start that finds no bars of its own may buy trades.
    cost_max_cents: WholeNumber = 100  # Of a purchase; it is asked for before, and more refused.
    dataset: str = "GLBX.MDP3"
    directory: str = ""  # What was bought; empty: "history" in run.directory.
    gateway: str = "https://hist.databento.com"
    ca_file: str = ""  # Authority of the gateway; empty: those that everybody trusts.
    timeout_s: PositiveInt = 100  # Of a connection, and of an answer that does not come.
