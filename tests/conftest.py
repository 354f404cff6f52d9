"""What holds for every test: no setting of this machine, and the same patience everywhere."""

import os

import hypothesis
import pytest
import setproctitle

# It finds a process's name only while the environment lies where the kernel put it, and tests
# change the environment; a forked actor inherits what was found here.
setproctitle.getproctitle()

hypothesis.settings.register_profile(
    "floorwatch",
    deadline=None,  # A busy machine is not a failure; the whole test has its time-out.
    print_blob=True,  # So that a failure elsewhere can be repeated here.
)
hypothesis.settings.load_profile("floorwatch")


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of whoever runs the tests; where the recordings lie stays known."""
    for name in list(os.environ):
        if name.startswith("FLOORWATCH_") and name != "FLOORWATCH_DATA":
            monkeypatch.delenv(name)
