"""Whether the page may be shown where it should listen, asked before it does."""

import ipaddress
import ssl

from protocol.web_settings import WebSettings
from web.auth.users import Users


class Exposed(ValueError):
    """The page would be open to whoever can reach it; the text says what to do."""


def check_exposure(settings: WebSettings) -> None:
    """Refuse to listen elsewhere than on loopback without users and TLS, or the explicit flag."""
    has_users = bool(Users(settings).all())
    if bool(settings.tls_cert_file) != bool(settings.tls_key_file):
        raise Exposed("web.tls_cert_file and web.tls_key_file: found one, wanted both or none")
    if is_loopback(settings.host) or settings.trust_network:
        return
    missing = [] if has_users else ["a user (`start.py user add NAME --role operator`)"]
    missing += [] if settings.tls_cert_file else ["web.tls_cert_file and web.tls_key_file"]
    if missing:
        raise Exposed(
            f"web.host {settings.host} can be reached from other machines: wanted"
            f" {' and '.join(missing)}, or web.trust_network = true where something in front of"
            " it has both"
        )


def tls_of(settings: WebSettings) -> ssl.SSLContext | None:
    """Return what the page is served with; None without a certificate."""
    if not settings.tls_cert_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file)
    except (OSError, ssl.SSLError) as error:
        raise Exposed(
            f"web.tls_cert_file {settings.tls_cert_file} with web.tls_key_file"
            f" {settings.tls_key_file}: {error}"
        ) from None
    return context


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host; a name but localhost is not believed."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
