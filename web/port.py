"""Whether the page can listen where it should; asked before anything starts."""

import socket

from protocol.web_settings import WebSettings


class PortTaken(Exception):
    """The address of the page is in use."""


def check_port(settings: WebSettings) -> None:
    """Raise `PortTaken` if the page could not listen where it should; a start asks first."""
    if settings.port == 0:
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise taken(settings.host, settings.port, error) from None


def taken(host: str, port: int, error: OSError) -> PortTaken:
    """Return what to say about an address that cannot be had."""
    return PortTaken(
        f"the page cannot listen on {host} port {port} ({error.strerror}):"
        " stop what uses it, or set web.port to another number, 0 for any free one"
    )
