"""What goes wrong with a store, as one error: what was found, what was wanted and what to do.

An actor whose store fails ends, and its supervisor starts it again into recovery; there is no
repair in place. Nothing is published before it is recorded, so no order can go out on guesswork,
and a write whose fate is unknown is looked up by whoever opens the store next. This module knows
no SQL, so that whoever only wants to name the error need not load it.
"""


class StoreFault(Exception):
    """A store cannot be used; the text never holds the address of a server or a password."""

    def __init__(self, place: str, found: str, wanted: str, remedy: str) -> None:
        super().__init__(f"{place}: {found}; wanted {wanted}. {remedy}")
        self.place = place
        self.found = found
        self.wanted = wanted
        self.remedy = remedy
