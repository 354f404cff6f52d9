"""Where a request came from: whether a page of another site could have made it. Pure.

A browser says by `Origin` and `Sec-Fetch-Site` whose page asks; what is none, like a command line,
says neither. Whoever changes something must send JSON, too, which no form of another site can. The
cookie of a login is not sent from other sites at all (SameSite=Strict).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

OWN_SITES = ("same-origin", "none")  # None: typed into the browser by its user.


def foreign(headers: Mapping[str, str], host: str, *, tls: bool) -> str:
    """Return why a request is another site's, "" if it is ours or no browser's."""
    origin = headers.get("Origin")
    if origin is not None and not _is_own(origin, host, tls):
        return f"origin {origin[:80]!r}, wanted {'https' if tls else 'http'}://{host[:80]}"
    site = headers.get("Sec-Fetch-Site", "none")
    if site not in OWN_SITES:
        return f"a page of another site ({site[:40]!r}), wanted one of ours"
    return ""


def _is_own(origin: str, host: str, tls: bool) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    # Behind something that has the TLS the page is http here and https in the browser.
    schemes = ("https",) if tls else ("http", "https")
    return parts.scheme in schemes and parts.netloc.lower() == host.lower()
