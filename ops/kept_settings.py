"""The settings by which a run decides, kept beside its data: a recap tells them as they were.

Where it runs, whom it tells and where its stores and exports are is not kept: that may change,
and holds secrets.
"""

import dataclasses
import json
from pathlib import Path

from actors.adapters.whole_file import replace_file
from protocol.settings import Settings, settings_from

FILE = "settings.json"
NOT_KEPT = ("run", "store", "export", "notify", "log", "web")
KEPT = [one.name for one in dataclasses.fields(Settings) if one.name not in NOT_KEPT]


def keep(settings: Settings, data: Path) -> None:
    """Write what decides into the data of a run; the settings of its last start stand there."""
    values = dataclasses.asdict(settings)
    kept = {section: values[section] for section in KEPT}
    replace_file(data / FILE, (json.dumps(kept, indent=1) + "\n").encode())


def as_kept(settings: Settings, data: Path) -> Settings:
    """Return the settings of a run: what it decides by as it was kept, the rest as given.

    A run of before, or of a program with other settings, has none: then all is as given.
    """
    try:
        kept = json.loads((data / FILE).read_bytes())
        found = settings_from({section: kept[section] for section in KEPT})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return settings
    given = {section: getattr(settings, section) for section in NOT_KEPT}
    return dataclasses.replace(found, **given)
