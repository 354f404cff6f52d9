"""What crosses Thespian: the bytes of one message of the catalog, and nothing else of ours.

Thespian prints every message several times a hop for logs that are switched off. The wrapper's
text is a constant, so a large frame costs nothing to print.
"""

from protocol.codec import decode, encode
from protocol.message import Message


class Parcel:
    """An encoded message."""

    __slots__ = ("frame",)

    def __init__(self, frame: bytes) -> None:
        self.frame = frame

    def __str__(self) -> str:
        return "Parcel"

    __repr__ = __str__


def pack(message: Message) -> Parcel:
    """Return `message` ready to be sent."""
    return Parcel(encode(message))


def unpack(parcel: Parcel) -> Message:
    """Return the message in `parcel`, or raise `BadFrame`."""
    return decode(parcel.frame)
