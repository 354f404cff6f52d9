"""msgpack in and out, with every field checked. The only place that imports msgpack.

A frame is one msgpack array: kind, version, then the fields in the order of their declaration.
Decoding checks the type of every field by its annotation; whatever is wrong with a frame ends in
one `BadFrame` that says what was found and what was wanted.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, cast

import msgpack

from protocol.catalog import CATALOG, UPCASTERS
from protocol.message import Message

FRAME_BYTES_MAX = 64 * 1024 * 1024
Check = Callable[[Any], Any]
Fields = dict[str, Any]
_packed: Callable[..., bytes] = msgpack.packb


class BadFrame(ValueError):
    """Bytes that are not a message of the catalog."""


def prepare() -> None:
    """Make now what is made at the first use of each kind; whoever is forked later shares it."""
    for cls in CATALOG:
        _plan(cls)


def encode(message: Message) -> bytes:
    """Return the frame of `message`."""
    plan = _plan(type(message))
    return _packed((plan.kind, plan.version, *plan.values(message)), default=_plain)


def decode(frame: bytes | memoryview) -> Message:
    """Return the message in `frame`, or raise `BadFrame`."""
    return _message(_unpacked(frame))


def _unpacked(frame: bytes | memoryview) -> Any:
    if len(frame) > FRAME_BYTES_MAX:
        raise BadFrame(f"frame of {len(frame)} bytes, wanted at most {FRAME_BYTES_MAX}")
    try:
        return msgpack.unpackb(frame, use_list=False, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise BadFrame(f"{len(frame)} bytes are not one msgpack value: {error}") from None


def _message(parts: Any) -> Message:
    if type(parts) is not tuple or len(parts) < 2 or type(parts[0]) is not str:
        raise BadFrame(f"found {_shown(parts)}, wanted an array of kind, version and fields")
    kind, version, *values = parts
    cls = _kinds().get(kind)
    if cls is None:
        raise BadFrame(f"kind {_shown(kind)} is not in the catalog of {len(CATALOG)} kinds")
    if version != cls.VERSION or type(version) is not int:
        raise BadFrame(f"{kind} of version {_shown(version)}, wanted version {cls.VERSION}")
    plan = _plan(cls)
    if len(values) != len(plan.checks):
        raise BadFrame(f"{kind} with {len(values)} fields, wanted {len(plan.checks)}")
    return plan.build(values)


def kind_of(frame: bytes) -> type[Message] | None:
    """Return the class of the message in `frame` by its first bytes alone; None if unsure.

    Who has no use for a kind need not decode it. What the bytes behind are is not looked at.
    """
    # An array of up to 15 elements has one byte of head, a longer one three; a short text one.
    start = 1 if frame[:1] < b"\xdc" else 3
    size = frame[start] & 0x1F if len(frame) > start else 0
    return _kinds_in_bytes().get(frame[start : start + 1 + size])


def upcast(
    kind: str, version: int, fields: Fields, upcasters: Mapping[Any, Any] = UPCASTERS
) -> Message:
    """Return the message of a journal's old fields, brought to today's version step by step."""
    cls = _kinds().get(kind)
    if cls is None:
        raise BadFrame(f"kind {_shown(kind)} is not in the catalog of {len(CATALOG)} kinds")
    while version != cls.VERSION:
        step = upcasters.get((kind, version))
        if step is None:
            raise BadFrame(f"{kind} of version {version}: no way to version {cls.VERSION} is known")
        try:
            fields, version = step(fields), version + 1
        except KeyError as error:
            raise BadFrame(
                f"{kind} of version {version} with fields {sorted(fields)}, wanted {error} too"
            ) from None
    names = _plan(cls).names
    if sorted(fields) != sorted(names):
        raise BadFrame(f"{kind} with fields {sorted(fields)}, wanted {sorted(names)}")
    return _plan(cls).build([fields[name] for name in names])


def layout_of(cls: type[Message]) -> tuple[str, ...]:
    """Return the names of the fields of a class, in the order in which a frame holds them."""
    return tuple(_plan(cls).names)


def decode_kept(frame: bytes, layout: Sequence[str] | None) -> Message:
    """Return the message of a frame that was kept, whatever version it was written in.

    `layout` names its fields; it is only asked for where the version is not today's.
    """
    parts = _unpacked(frame)
    match parts:
        case (str(kind), int(version), *values):
            cls = _kinds().get(kind)
            if cls is None or version == cls.VERSION:
                return _message(parts)
            if layout is None or len(layout) != len(values):
                raise BadFrame(
                    f"{kind} of version {version} with {len(values)} fields, and"
                    f" {'no names' if layout is None else len(layout)} for them"
                )
            return upcast(kind, version, dict(zip(layout, values, strict=True)))
    raise BadFrame(f"found {_shown(parts)}, wanted an array of kind, version and fields")


def encode_fields(message: Message) -> bytes:
    """Return the fields of `message` by name, as a journal keeps them beside kind and version."""
    plan = _plan(type(message))
    fields = dict(zip(plan.names, plan.values(message), strict=True))
    return _packed(fields, default=_plain)


def decode_fields(kind: str, version: int, body: bytes) -> Message:
    """Return the message of a journal's row, whatever version it was written in."""
    fields = _unpacked(body)
    if type(fields) is not dict:
        raise BadFrame(f"{kind} of version {version}: found {_shown(fields)}, wanted named fields")
    return upcast(kind, version, fields)


class _Plan:
    """How one class is written and read: made once, from its annotations."""

    def __init__(self, cls: type[Message]) -> None:
        hints = typing.get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        self.cls = cls
        self._of: Callable[..., Message] = cls.of
        self.kind = cls.KIND
        self.version = cls.VERSION
        self.checks = [(name, _check_of(hints[name])) for name in names]
        getter = attrgetter(*names)
        self.values = getter if len(names) > 1 else (lambda message: (getter(message),))
        self.names = names
        self._judged = [
            (index, _members(hints[name]) or check)
            for index, (name, check) in enumerate(self.checks)
            if not _is_plain(hints[name])
        ]
        self._right: set[tuple[type, ...]] = set()  # Types of fields that were found right.

    def build(self, values: list[Any]) -> Message:
        """Return the message of its fields.

        Of most fields the type is all that is asked, so types found right once need not be asked
        about one by one again.
        """
        found = tuple(map(type, values))
        if found in self._right:
            fields = list(values)
            try:
                for index, check in self._judged:
                    fields[index] = check(fields[index])
                return self._of(*fields)
            except (KeyError, TypeError, ValueError):
                pass  # Field by field it is said what is wrong.
        message = self._build_slowly(values)
        self._right.add(found)
        return message

    def _build_slowly(self, values: list[Any]) -> Message:
        fields = {}
        for (name, check), value in zip(self.checks, values, strict=True):
            try:
                fields[name] = check(value)
            except (TypeError, ValueError) as error:
                raise BadFrame(f"{self.kind}.{name}: {error}") from None
        try:
            return self.cls(**fields)
        except ValueError as error:
            raise BadFrame(f"{self.kind}: {error}") from None


# A cast, because mypy does not see that a class of messages can be hashed.
_plan = cast(Callable[[type[Message]], _Plan], cache(_Plan))


@lru_cache(maxsize=1)
def _kinds() -> dict[str, type[Message]]:
    return {cls.KIND: cls for cls in CATALOG}


@lru_cache(maxsize=1)
def _kinds_in_bytes() -> dict[bytes, type[Message]]:
    return {_packed(kind): cls for kind, cls in _kinds().items()}


def _is_plain(hint: Any) -> bool:
    """Say whether a value's type alone decides whether it is right."""
    union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    parts = typing.get_args(hint) if union else (hint,)
    plain = (int, str, bool, bytes, types.NoneType)
    return all(getattr(part, "__supertype__", part) in plain for part in parts)


def _check_of(hint: Any) -> Check:
    hint = getattr(hint, "__supertype__", hint)  # A NewType stands for what it wraps.
    origin = typing.get_origin(hint)
    if hint in (int, str, bool, bytes):
        return _exactly(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _member(hint)
    if isinstance(hint, type) and issubclass(hint, Message):
        return _message_of(hint)
    if origin is tuple:
        return _tuple_of(_check_of(typing.get_args(hint)[0]))
    if origin in (types.UnionType, typing.Union):  # A NewType | None is the latter.
        (inner,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
        check = _check_of(inner)
        return lambda value: None if value is None else check(value)
    raise TypeError(f"a message field cannot be {hint}")


def _exactly(wanted: type) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not wanted:
            raise TypeError(f"found {_shown(value)}, wanted {wanted.__name__}")
        return value

    return check


def _members(hint: Any) -> Check | None:
    """Return what finds the member of an enum whose value has the right type; None for others."""
    if not (isinstance(hint, type) and issubclass(hint, Enum)):
        return None
    return {member.value: member for member in hint}.__getitem__


def _member(enum: type[Enum]) -> Check:
    members = {member.value: member for member in enum}

    def check(value: Any) -> Any:
        if type(value) not in (str, int) or value not in members:
            raise ValueError(f"found {_shown(value)}, wanted one of {', '.join(map(str, members))}")
        return members[value]

    return check


def _tuple_of(check: Check) -> Check:
    def check_all(value: Any) -> Any:
        if type(value) is not tuple:
            raise TypeError(f"found {_shown(value)}, wanted an array")
        return tuple(map(check, value))

    return check_all


def _message_of(cls: type[Message]) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not tuple or len(value) != len(_plan(cls).names):
            raise TypeError(f"found {_shown(value)}, wanted the fields of {cls.KIND}")
        return _plan(cls).build(list(value))

    return check


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Message):  # One inside another is its fields alone.
        return _plan(type(value)).values(value)
    raise TypeError(f"{type(value).__name__} cannot travel; wanted int, str, bool, bytes or tuple")


def _shown(value: Any) -> str:
    # Never the text of a whole container: it may be huge, or nested deeper than can be printed.
    if isinstance(value, tuple | dict | bytes):
        return f"{type(value).__name__} of {len(value)}"
    text = repr(value[:60] if isinstance(value, str) else value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
