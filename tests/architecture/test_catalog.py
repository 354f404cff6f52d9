"""The catalog is closed and complete."""

import dataclasses
import importlib
import inspect

from protocol.catalog import CATALOG
from protocol.message import Message

FAMILIES = {
    "account": "account", "commands": "command", "day": "day", "desk": "desk", "fence": "order",
    "market": "market", "orders": "order", "paper": "paper", "reports": "order",
    "signals": "signal", "system": "system",
}  # fmt: skip


def test_every_message_of_every_family_is_listed_once():
    found = set()
    for module, prefix in FAMILIES.items():
        for _, cls in inspect.getmembers(importlib.import_module(f"protocol.{module}")):
            if inspect.isclass(cls) and issubclass(cls, Message) and cls is not Message:
                if cls.__module__ == f"protocol.{module}":
                    assert cls.KIND.startswith(prefix + "."), cls.KIND
                    found.add(cls)
    assert found == set(CATALOG)
    assert len(CATALOG) == len(set(CATALOG)) == len({cls.KIND for cls in CATALOG})


def test_every_message_is_frozen_slotted_and_says_what_it_means():
    for cls in CATALOG:
        assert cls.__dataclass_params__.frozen, cls.KIND
        assert "__dict__" not in dir(cls), cls.KIND
        assert inspect.getdoc(cls), cls.KIND
        assert all(field.kw_only for field in dataclasses.fields(cls)), cls.KIND
