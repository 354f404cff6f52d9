"""What a value must look like: JSON Schema of annotations, and a check by the same annotations.

Rows and bodies are typed dictionaries. The document shows what is made of their annotations here,
requests are checked against them here, and the tests hold the answers to them: one description,
three uses. Nothing of it is kept: whoever asks for the document pays for it.
"""

import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, Required

Schema = dict[str, Any]
HALF = re.compile("[\ud800-\udfff]")  # JSON can hold it; nothing can write it down.
WORDS = r"[^\s\x00-\x20\x7f-\xa0]"  # Not only blanks, whatever a language counts as one.


@dataclass(frozen=True, slots=True)
class Text:
    """How long a text may be, and what it means."""

    says: str = ""
    most: int | None = None
    least: int = 0
    pattern: str = ""  # Somewhere in the text.


class Unfit(ValueError):
    """A value is not what its description wants; the text says where, what and what was found."""


def schema_of(hint: Any, shared: dict[str, Schema]) -> Schema:
    """Return the JSON Schema of an annotation; typed dictionaries go to `shared` by name."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        inner = schema_of(arguments[0], shared)
        return inner | _told(arguments[1])
    if origin in (NotRequired, Required):
        return schema_of(arguments[0], shared)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [schema_of(part, shared) for part in arguments]}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], shared)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], shared)}
    if typing.is_typeddict(hint):
        return _shared_object(hint, shared)
    if hint is Any:
        return {}
    return {"type": PLAIN[hint]}


def checked(value: Any, hint: Any, where: str = "body") -> Any:
    """Return `value` if it fits the annotation, else raise `Unfit`; a bool is no number."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        checked(value, arguments[0], where)
        _check_told(value, arguments[1], where)
    elif origin in (NotRequired, Required):
        checked(value, arguments[0], where)
    elif origin is Literal:
        if not any(value == one and type(value) is type(one) for one in arguments):
            raise _unfit(where, value, f"one of {', '.join(map(repr, arguments))}")
    elif origin in (types.UnionType, typing.Union):
        if not any(_fits(value, part) for part in arguments):
            raise _unfit(where, value, " or ".join(map(_name, arguments)))
    elif origin is list:
        for index, item in enumerate(_of_type(value, list, "an array", where)):
            checked(item, arguments[0], f"{where}[{index}]")
    elif origin is dict:
        for key, item in _of_type(value, dict, "an object", where).items():
            checked(item, arguments[1], f"{where}.{key}")
    elif typing.is_typeddict(hint):
        _check_object(value, hint, where)
    elif hint is not Any:
        _check_plain(value, hint, where)
    return value


PLAIN: Mapping[Any, str] = {
    int: "integer", float: "number", str: "string", bool: "boolean", types.NoneType: "null",
}  # fmt: skip


def _told(note: Text) -> Schema:
    told: Schema = {}
    if note.says:
        told["description"] = note.says
    if note.most is not None:
        told["maxLength"] = note.most
    if note.least:
        told["minLength"] = note.least
    if note.pattern:
        told["pattern"] = note.pattern
    return told


def _check_told(value: Any, note: Text, where: str) -> None:
    if not isinstance(value, str):
        return
    if note.most is not None and len(value) > note.most:
        raise Unfit(f"{where}: {len(value)} characters, wanted at most {note.most}")
    if len(value) < note.least:
        raise Unfit(f"{where}: {len(value)} characters, wanted at least {note.least}")
    if note.pattern and re.search(note.pattern, value) is None:
        raise Unfit(f"{where}: found {value[:60]!r}, wanted text with {note.pattern}")


def _shared_object(hint: Any, shared: dict[str, Schema]) -> Schema:
    name = hint.__name__
    if name not in shared:
        shared[name] = {}  # One that holds itself finds its name here.
        hints = typing.get_type_hints(hint, include_extras=True)
        shared[name] = {
            "type": "object",
            "description": (hint.__doc__ or "").strip(),
            "properties": {key: schema_of(part, shared) for key, part in hints.items()},
            "required": sorted(hint.__required_keys__),
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{name}"}


def _check_object(value: Any, hint: Any, where: str) -> None:
    found = _of_type(value, dict, "an object", where)
    hints = typing.get_type_hints(hint, include_extras=True)
    missing = sorted(hint.__required_keys__ - found.keys())
    if missing:
        raise Unfit(f"{where}: without {', '.join(missing)}, wanted {', '.join(hints)}")
    for key, item in found.items():
        if key not in hints:
            raise Unfit(f"{where}: {str(key)[:40]!r} is not known, wanted {', '.join(hints)}")
        checked(item, hints[key], f"{where}.{key}")


def _check_plain(value: Any, hint: Any, where: str) -> None:
    number = hint is float and type(value) in (int, float)
    if type(value) is not hint and not number:
        raise _unfit(where, value, PLAIN[hint])
    if type(value) is float and not math.isfinite(value):
        raise _unfit(where, value, "a finite number")
    if type(value) is str and HALF.search(value):
        raise Unfit(f"{where}: found half a character, wanted whole ones")


def _fits(value: Any, hint: Any) -> bool:
    try:
        checked(value, hint)
    except Unfit:
        return False
    return True


def _of_type(value: Any, kind: type, wanted: str, where: str) -> Any:
    if type(value) is not kind:
        raise _unfit(where, value, wanted)
    return value


def _unfit(where: str, value: Any, wanted: str) -> Unfit:
    shown = repr(value)[:60] if isinstance(value, str | int | float) else type(value).__name__
    return Unfit(f"{where}: found {shown}, wanted {wanted}")


def _name(hint: Any) -> str:
    if typing.get_origin(hint) is list:
        return "an array"
    return PLAIN.get(hint, "an object")
