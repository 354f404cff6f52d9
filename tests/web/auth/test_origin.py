"""Whose page asks."""

import pytest

from web.auth.origin import foreign

HOST = "floor.example:8000"


@pytest.mark.parametrize(
    ("headers", "tls", "ours"),
    [
        ({}, False, True),  # A command line.
        ({"Origin": "http://floor.example:8000"}, False, True),
        ({"Origin": "http://FLOOR.example:8000"}, False, True),
        ({"Origin": "https://floor.example:8000"}, False, True),  # TLS stands in front.
        ({"Origin": "https://floor.example:8000"}, True, True),
        ({"Origin": "http://floor.example:8000"}, True, False),
        ({"Origin": "http://floor.example"}, False, False),
        ({"Origin": "http://floor.example:8001"}, False, False),
        ({"Origin": "http://evil.example"}, False, False),
        ({"Origin": "http://floor.example:8000.evil.example"}, False, False),
        ({"Origin": "http://user@floor.example:8000"}, False, False),
        ({"Origin": "null"}, False, False),
        ({"Origin": ""}, False, False),
        ({"Origin": "http://[::1"}, False, False),
        ({"Origin": "file://"}, False, False),
        ({"Sec-Fetch-Site": "same-origin"}, False, True),
        ({"Sec-Fetch-Site": "none"}, False, True),
        ({"Sec-Fetch-Site": "same-site"}, False, False),
        ({"Sec-Fetch-Site": "cross-site"}, False, False),
        ({"Origin": "http://floor.example:8000", "Sec-Fetch-Site": "cross-site"}, False, False),
    ],
)
def test_only_our_own_pages_and_no_browsers_are_ours(
    headers: dict[str, str], tls: bool, ours: bool
) -> None:
    assert (foreign(headers, HOST, tls=tls) == "") is ours
