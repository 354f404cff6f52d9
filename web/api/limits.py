"""The settings as they stand, and what of them can be changed while the floor runs: nothing yet.

Every actor reads its settings at its start alone, so that a restart of one never trades by other
rules than its neighbours. A change is refused with how to make it, and the attempt is noted.
"""

import dataclasses
from typing import Annotated, Any, Literal, TypedDict

from web.api.endpoint import Answer, Call
from web.api.problems import Problem
from web.api.schema import WORDS, Text

HIDDEN = "(set, not shown)"


class Change(TypedDict):
    """New values by section and key, and why."""

    values: dict[str, dict[str, Any]]
    reason: Annotated[str, Text("Kept in the audit.", most=500, pattern=WORDS)]
    confirm: Literal[True]


def settings(call: Call) -> Answer:
    """All settings as the floor was started with."""
    return Answer({"sections": shown(call.house.settings), "changeable": []})


def change(call: Call) -> Answer:
    """Change limits; refused where they are read at the start alone."""
    known = shown(call.house.settings)
    wanted = [
        f"{section}.{key}" for section, values in call.body["values"].items() for key in values
    ]
    for name in wanted:
        section, _, key = name.partition(".")
        if key not in known.get(section, {}):
            raise Problem(404, f"no setting is called {name[:80]!r}")
    if not wanted:
        raise Problem(409, "body.values: found no setting, wanted one at least")
    words = (
        f"{', '.join(wanted)[:300]} cannot be changed while the floor runs: set it in"
        " floorwatch.toml or the environment, stop the floor and start it again"
    )
    call.house.audit.note(
        call.person, call.remote, "change settings", call.body["reason"], f"refused: {words}"
    )
    raise Problem(409, words)


def shown(settings: Any) -> dict[str, dict[str, Any]]:
    """Return all settings by section; of a secret only whether there is one."""
    return {
        section.name: _record(getattr(settings, section.name))
        for section in dataclasses.fields(settings)
    }


def _record(record: Any) -> dict[str, Any]:
    values = {}
    for part in dataclasses.fields(record):
        value = getattr(record, part.name)
        if part.repr:
            values[part.name] = list(value) if isinstance(value, tuple) else value
        else:
            values[part.name] = HIDDEN if value else ""
    return values
