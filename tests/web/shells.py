"""A shell that does nothing, for tests that ask an actor."""

from supervision.shell import Shell


class QuietShell(Shell):
    """Reads nothing and says nothing."""
