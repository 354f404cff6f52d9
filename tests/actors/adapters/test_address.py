"""The address of a server: each part is what it stands for, or the whole is refused unseen."""

import traceback
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.address import Address, BadAddress, parse_address


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql:///orders", Address("orders")),
        ("postgres://host/orders", Address("orders", "host")),
        ("postgresql://me@host:5433/orders", Address("orders", "host", 5433, "me")),
        ("postgresql://me:a%40b@[::1]:1/o", Address("o", "::1", 1, "me", "a@b")),
        (
            "postgresql:///o?host=/run/postgresql&sslmode=require",
            Address("o", options=(("host", "/run/postgresql"), ("sslmode", "require"))),
        ),
    ],
)
def test_an_address_is_its_parts(url, wanted):
    assert parse_address(url) == wanted


@pytest.mark.parametrize(
    "url",
    [
        "",
        "orders",
        "sqlite:///hunter2.db",
        "mysql://me:hunter2@host/orders",
        "postgresql+psycopg2://me:hunter2@host/orders",
        "postgresql://host",
        "postgresql://host/",
        "postgresql://host/a/hunter2",
        "postgresql://me:hun@ter2@host/orders",
        "postgresql://me:hun/ter2@host/orders",
        "postgresql://me:hun?ter2@host/orders",
        "postgresql://me:hun#ter2@host/orders",
        "postgresql://me:hun:ter2@host/orders",
        "postgresql://host:hunter2/orders",
        "postgresql://host:99999/orders",
        "postgresql://ho st/orders",
        "postgresql://host/orders?password=hunter2",
        "postgresql://host/orders?sslpassword=hunter2",
        "postgresql://host/orders?hunter2",
        "postgresql://[::1/orders",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(url):
    with pytest.raises(BadAddress, match="not shown.*wanted postgresql://") as refused:
        parse_address(url)
    said = "".join(traceback.format_exception(refused.value)[-1:])
    assert "ter2" not in said


@given(st.text(min_size=1), st.text(min_size=1))
def test_whatever_is_quoted_comes_back_and_is_in_no_printed_record(user, password):
    address = parse_address(f"postgresql://{quote(user, '')}:{quote(password, '')}@host/orders")
    assert (address.user, address.password) == (user, password)
    assert address.host == "host"
    assert "password" not in repr(address)


@given(st.text())
def test_any_password_is_taken_as_it_is_or_refused(password):
    try:
        address = parse_address(f"postgresql://me:{password}@host:1/orders")
    except BadAddress:
        return
    assert (address.host, address.port, address.database) == ("host", 1, "orders")
