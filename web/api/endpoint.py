"""One endpoint of the API as data: its path, who may use it, what it takes and what it answers.

The routes, the checks of a request and the OpenAPI document are all made from the same record, so
the document cannot say what the server does not do. What answers is a plain function of a `Call`;
it knows nothing of HTTP and runs beside the server's loop where it reads files or waits.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from web.api.problems import Problem

if TYPE_CHECKING:  # The house is made of what the endpoints need; it need not be loaded for them.
    from web.api.house import House

LIMIT_MAX = 500
MS_MAX = 10**14
NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)


class Role(StrEnum):
    """What a person may do; each may do what stands before it."""

    ANYBODY = "anybody"
    VIEWER = "viewer"
    OPERATOR = "operator"

    def may(self, wanted: "Role") -> bool:
        """Return whether this role is enough where `wanted` is asked for."""
        return list(Role).index(self) >= list(Role).index(wanted)


class Where(StrEnum):
    """Where an endpoint's function runs."""

    LOOP = "loop"  # At once: it waits for nothing.
    READS = "reads"  # On one of a few threads that read files.
    ORDERS = "orders"  # On threads of its own: nobody's reading delays a kill switch.


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of a path or a query."""

    name: str
    says: str
    kind: str = "text"  # Or "int".
    default: Any = None
    least: int = 0
    most: int = 200  # Of a number its value, of a text its length.
    choices: tuple[str, ...] = ()
    pattern: str = ""  # The whole text.

    def read(self, text: str) -> Any:
        """Return the value of `text`, or refuse it."""
        if self.kind == "int":
            if NUMBER.fullmatch(text) is None or not self.least <= int(text) <= self.most:
                raise self._refusal(text, f"a whole number from {self.least} to {self.most}")
            return int(text)
        if self.choices and text not in self.choices:
            raise self._refusal(text, f"one of {', '.join(self.choices)}")
        if self.pattern and re.fullmatch(self.pattern, text, re.ASCII) is None:
            raise self._refusal(text, f"text like {self.pattern}")
        if not self.least <= len(text) <= self.most:
            raise self._refusal(text, f"{self.least} to {self.most} characters")
        return text

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        if self.kind == "int":
            bounds = {"type": "integer", "minimum": self.least, "maximum": self.most}
            return bounds | ({} if self.default is None else {"default": self.default})
        if self.choices:
            told: dict[str, Any] = {"type": "string", "enum": list(self.choices)}
        elif self.pattern:
            told = {"type": "string", "pattern": f"^(?:{self.pattern})$", "maxLength": self.most}
        else:
            told = {"type": "string", "minLength": self.least, "maxLength": self.most}
        return told | ({} if self.default is None else {"default": self.default})

    def _refusal(self, text: str, wanted: str) -> Problem:
        return Problem(400, f"{self.name}: found {text[:60]!r}, wanted {wanted}")


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody asks for, checked."""

    house: "House"
    person: Person
    remote: str
    values: Mapping[str, Any]  # Of path and query; whatever was left out has its default.
    body: Any = None
    csv: bool = False  # Wanted instead of JSON.
    token: str = ""  # Of a login.


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a body for JSON, or a text of another medium."""

    body: Any = None
    status: int = 200
    text: str | None = None
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None  # A login begins with it; "" ends one.


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What can be asked under a path and a method."""

    method: str
    path: str
    answers: Callable[[Call], Answer]
    summary: str
    returns: Any  # The annotation of the body.
    tag: str
    role: Role = Role.VIEWER
    by_token: bool = False  # `web.metrics_token` does instead of a login.
    path_fields: tuple[Field, ...] = ()
    query: tuple[Field, ...] = ()
    body: Any = None
    refusals: tuple[int, ...] = ()  # Beside what the server itself refuses.
    where: Where = Where.READS
    status: int = 200
    media: tuple[str, ...] = ("application/json",)

    @property
    def changes(self) -> bool:
        """Whether it is more than a look."""
        return self.method != "GET"


LIMIT = Field(
    name="limit", kind="int", default=100, least=1, most=LIMIT_MAX, says="How many rows at most."
)
