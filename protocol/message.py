"""What a message is: a frozen, flat, keyword-only record with a kind and a version.

Every number that reaches the floor becomes part of a message, so making one has to be cheap. A
frozen dataclass sets its fields around its own refusal, one call for each; here a message is made
as its open twin, a class of the same slots without the refusal, and then becomes itself. Nobody
sees it before: only its makers know the twin.

Names cost more than values: of a signal, binding them takes half of the time. So whoever has all
fields in the order of declaration, and makes thousands a second, may give them without names.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform


class Message:
    """The base of every message; `KIND` is its name on the wire, `VERSION` its layout.

    `of` makes one of all its fields in the order of their declaration, without their names.
    """

    __slots__ = ()
    KIND: ClassVar[str]
    VERSION: ClassVar[int]
    of: ClassVar[Callable[..., Any]]


M = TypeVar("M", bound=type[Message])


@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(kind: str, version: int = 1) -> Callable[[M], M]:
    """Make a class a message. It becomes known to the codec only by its line in the catalog."""

    def make(cls: M) -> M:
        # Its `__init__` would be replaced: making one for each kind is felt at every start.
        made = dataclass(init=False, frozen=True, slots=True, kw_only=True)(cls)
        made.KIND = kind
        made.VERSION = version
        _give_makers(made)
        return made  # type: ignore[return-value]

    return make


def _give_makers(cls: Any) -> None:
    """Give a message class its `__init__` and its `of`, both by way of the open twin."""
    for field in fields(cls):
        if field.default is not MISSING or field.default_factory is not MISSING:
            raise TypeError(f"{cls.__name__}.{field.name} has a default, wanted none")
    names = [field.name for field in fields(cls)]
    last = "self.__post_init__()" if "__post_init__" in vars(cls) else "pass"
    settings = [f"self.{name} = {name}" for name in names]
    filled = "\n    ".join([*settings, "become(self, cls)", last])
    twin = type(cls.__name__, cls.__bases__, {"__slots__": cls.__slots__})
    made: dict[str, Any] = {"become": vars(object)["__class__"].__set__, "twin": twin, "cls": cls}
    # Spelled out like the dataclass's own: a loop over names would cost what the twin saves.
    exec(
        f"def __init__(self, {'*, ' if names else ''}{', '.join(names)}):\n"
        f"    become(self, twin)\n    {filled}\n"
        f"def of({', '.join(names)}):\n"
        f"    self = twin()\n    {filled}\n    return self\n",
        made,
    )
    cls.__init__, cls.of = made["__init__"], staticmethod(made["of"])
    for maker in (cls.__init__, cls.of):
        maker.__qualname__ = f"{cls.__qualname__}.{maker.__name__}"
