"""What a message is: a frozen, flat, keyword-only record with a kind and a version."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar, dataclass_transform


class Message:
    """The base of every message; `KIND` is its name on the wire, `VERSION` its layout."""

    __slots__ = ()
    KIND: ClassVar[str]
    VERSION: ClassVar[int]


M = TypeVar("M", bound=type[Message])


@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(kind: str, version: int = 1) -> Callable[[M], M]:
    """Make a class a message. It becomes known to the codec only by its line in the catalog."""

    def make(cls: M) -> M:
        made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        made.KIND = kind
        made.VERSION = version
        return made  # type: ignore[return-value]

    return make
