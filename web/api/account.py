"""Log in and out. Both are audited; a wrong password costs a wait after a few."""

import time
from typing import Annotated, TypedDict

from web.api.endpoint import Answer, Call, Person, Role
from web.api.problems import Problem
from web.api.schema import Text
from web.auth.passwords import LENGTH_MAX


class Login(TypedDict):
    """A user's name and password."""

    user: Annotated[str, Text(most=64, least=1)]
    password: Annotated[str, Text(most=LENGTH_MAX, least=1)]


class LoggedIn(TypedDict):
    """Who has logged in, and until when."""

    user: str
    role: str
    expires_ms: int


class LoggedOut(TypedDict):
    """Nobody is logged in any more."""

    user: str


def log_in(call: Call) -> Answer:
    """Log in: the answer sets a cookie that ends by itself."""
    house, name = call.house, call.body["user"]
    if not house.logins.required:
        raise Problem(409, "there are no users here: nobody needs to log in")
    wait_s = house.attempts.take(name, call.remote, time.monotonic())
    if wait_s > 0:
        words = f"too many wrong passwords, wait {wait_s:.0f} s"
        raise Problem(429, words, {"Retry-After": str(int(wait_s) + 1)})
    found = house.logins.log_in(name, call.body["password"])
    if found is None:
        person = Person(name, Role.ANYBODY)
        house.audit.note(person, call.remote, "log in", "", "refused: wrong name or password")
        raise Problem(401, "wrong name or password")
    person, token = found
    house.attempts.succeeded(name, call.remote)
    house.audit.note(person, call.remote, "log in", "", f"logged in as {person.role}")
    until_ms = int(house.logins.clock() + house.logins.life_s) * 1000
    told = {"user": person.name, "role": str(person.role), "expires_ms": until_ms}
    return Answer(told, token=token)


def log_out(call: Call) -> Answer:
    """Log out: the cookie is taken away, and would not be taken any more."""
    call.house.logins.log_out(call.token)
    call.house.audit.note(call.person, call.remote, "log out", "", "logged out")
    return Answer({"user": call.person.name}, token="")
