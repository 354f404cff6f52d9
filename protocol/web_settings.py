"""The settings of the dashboard: where it listens, who may look and who may act."""

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Le

from protocol.pattern_settings import PositiveInt


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The dashboard. Elsewhere than on loopback it needs users and TLS, or `trust_network`.

    Without any user everybody who can reach it is operator.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Ge(0), Le(65535)] = 8000
    users_file: str = "floorwatch-users.json"  # Mode 600; where it is absent there are no users.
    # Of the user "operator", where no file is wanted; it must not get into a log.
    password: str = field(default="", repr=False)
    # What a scraper of /metrics shows instead of a login, as "Authorization: Bearer ...".
    metrics_token: str = field(default="", repr=False)
    tls_cert_file: str = ""  # PEM; with `tls_key_file` the page is served by HTTPS.
    tls_key_file: str = ""
    trust_network: bool = False  # Something in front of it has the TLS, or nobody else is there.
    login_hours: PositiveInt = 12
    clients_max: PositiveInt = 50  # Pages that are told the news at the same time.
    connections_max: PositiveInt = 300
    demo: bool = False  # Of a demonstration: there an actor may be killed from the page.
