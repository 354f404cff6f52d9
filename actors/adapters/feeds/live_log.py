"""The stream of a live feed, written before it is released.

Who reads a stream drops by number what it has had. So a number must mean the same for ever, in
every life of the feed, and a live market cannot be read again as a tape can: which trades came
together, and where a clock brought a cut, is decided once. Therefore a message is in this file
before any reader can have it. A feed that is killed goes on behind the last one; what it had from
the gateway and not yet written, nobody has seen, and the gateway sends it again.

The recorder's files alone would not do: a reader may have had from a dead feed what the recorder
had not yet. They say how far this log may forget: a day's file is removed once the recorder has
begun a later one, which it does after everything before is on its disk. Within a day the log is
cut into files, too: only the last has to be looked through at a start.

A kill of whatever process loses nothing of this. A loss of power may take what was written since
the last sync, and readers that had it may remember its numbers. So after a boot as many empty
messages are put on the stream as could have been lost: who skips numbers then skips those alone.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from actors.adapters.feeds.port import FeedError
from actors.adapters.frames import FrameLog
from actors.adapters.segments import SegmentedLog, segments_in
from actors.adapters.whole_file import replace_file
from actors.core.export.instants import day_end_ns, instant_ns
from protocol.codec import decode, encode, kind_of
from protocol.market import DepthBatch, TradeBatch
from protocol.message import Message

STEM = "feed"
SINCE = "feed.since"
UNSYNCED_MAX = 64  # Frames; then the log is synced at once.
SEGMENT_MAX = 50_000  # Frames of a file: a start reads the last one whole, and must be quick ...
SEGMENT_BYTES_MAX = 32 * 1024 * 1024  # ... also where the book is told, in far larger frames.
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LiveLog:
    """The window of a live feed's stream: numbers `first` to `last`, all of them on file."""

    def __init__(
        self, directory: Path, boot_id: str | None = None, segment_max: int = SEGMENT_MAX
    ) -> None:
        check_live(directory)
        self._segment_max = segment_max
        self._directory = directory
        recorded = recorded_last(directory)
        self._log = _opened(directory, recorded)
        self._unsynced = 0
        self._end_ns = 0  # Of the trading date of the last message, once one came.
        segment = segments_in(directory, STEM)[-1]
        self._begun, self._bytes = segment.first - 1, segment.path.stat().st_size
        since = directory / SINCE
        # From when on trades are wanted that came before the first session; 0 for none.
        self.since_ns = int(since.read_text()) if since.exists() else 0
        self._pad(BOOT_ID.read_text() if boot_id is None else boot_id)

    @property
    def first(self) -> int:
        """The lowest number that is held here; older ones the recorder has."""
        return self._log.first

    @property
    def last(self) -> int:
        """The number of the last message."""
        return self._log.last

    def get(self, seq: int) -> bytes:
        """Return the frame of a number."""
        return self._log.read(seq)

    def append(self, message: Message) -> int:
        """Write the next message and return its number; from now on readers may have it."""
        at_ns = instant_ns(message)
        later = at_ns is not None and at_ns >= self._end_ns
        full = self.last - self._begun >= self._segment_max or self._bytes >= SEGMENT_BYTES_MAX
        if (later and self._end_ns) or full:
            self._log.begin_segment()
            self._begun, self._bytes = self.last, 0
            self._forget()
        if later and at_ns is not None:
            self._end_ns = day_end_ns(at_ns)
        frame = encode(message)
        number = self._log.append(frame)
        self._bytes += len(frame)
        self._unsynced += 1
        if self._unsynced >= UNSYNCED_MAX:
            self.sync()
        return number

    def sync(self) -> None:
        """Make everything appended survive a loss of power."""
        if self._unsynced:
            self._log.sync()
            self._unsynced = 0

    def backwards(self) -> Iterator[Message]:
        """Yield the messages from the last one back, the recorder's where ours are gone.

        Of the changes of the book, which are most of a stream, the last that are any are enough.
        """
        told = False
        for frame in self._frames_backwards():
            if told and kind_of(frame) is DepthBatch:
                continue
            message = decode(frame)
            told = told or (isinstance(message, DepthBatch) and len(message) > 0)
            yield message

    def _frames_backwards(self) -> Iterator[bytes]:
        for number in range(self._log.last, self._log.first - 1, -1):
            yield self._log.read(number)
        for segment in reversed(segments_in(self._directory)):
            log = FrameLog.read_only(segment.path)
            try:
                newest = min(segment.first + log.last, self._log.first) - segment.first
                for number in range(newest, 0, -1):
                    yield log.read(number)
            finally:
                log.close()

    def close(self) -> None:
        """Sync and release the files."""
        self.sync()
        self._log.close()

    def _forget(self) -> None:
        """Remove the files of days that the recorder has whole."""
        begun = max((segment.first for segment in segments_in(self._directory)), default=1)
        ours = segments_in(self._directory, STEM)
        for segment, after in zip(ours, ours[1:], strict=False):
            if after.first <= begun:
                segment.path.unlink(missing_ok=True)

    def _pad(self, boot_id: str) -> None:
        """Fill up, after a boot, the numbers that readers may have had and we lost."""
        path = self._directory / "feed.boot"
        known = path.read_text() if path.exists() else boot_id
        if known != boot_id and self.last:
            padding = _without_effect(self.backwards())
            for _ in range(UNSYNCED_MAX):
                self.append(padding)
            self.sync()
        path.write_text(boot_id)


def _without_effect(backwards: Iterator[Message]) -> Message:
    """Return a message from which nothing follows behind these, newest first.

    An empty change of the book of the contract that was traded last; before any trade a stream
    holds losses of the feed alone, and one that is repeated says nothing new.
    """
    last = None
    for message in backwards:
        last = message if last is None else last
        if isinstance(message, TradeBatch):
            return DepthBatch(
                contract=message.contract, simulated=False, ts_event=b"", side=b"", price=b"",
                size=b"", orders=b"",
            )  # fmt: skip
    assert last is not None, "a stream without a message has nothing to fill up"
    return last


def check_live(directory: Path) -> None:
    """Refuse a directory of data that holds a tape: its trades are not those of this market."""
    if (directory / "tape.frames").exists():
        raise FeedError(
            f"{directory} holds a tape, wanted the directory of a live run:"
            " set another run.directory"
        )


def begin_log(directory: Path, since_ns: int, head: Iterable[Message]) -> None:
    """Lay the stream of a new run: what stands before its first trade, and since when it wants any.

    A directory whose stream has begun is left as it is.
    """
    if has_begun(directory):
        return
    for segment in segments_in(directory, STEM):  # Of a start that was cut short.
        segment.path.unlink()
    log = SegmentedLog.open(directory, STEM)
    for message in head:
        log.append(encode(message))
    log.sync()
    log.close()
    replace_file(directory / SINCE, str(since_ns).encode())


def has_begun(directory: Path) -> bool:
    """Say whether a stream was laid here, or recorded."""
    return (directory / SINCE).exists() or recorded_last(directory) > 0


def recorded_last(directory: Path) -> int:
    """Return the number of the last frame that the recorder has written, 0 for none."""
    segments = segments_in(directory)
    if not segments:
        return 0
    if not segments[-1].path.stat().st_size:
        return segments[-1].first - 1
    log = FrameLog.read_only(segments[-1].path)
    try:
        return segments[-1].first + log.last - 1
    finally:
        log.close()


def _opened(directory: Path, recorded: int) -> SegmentedLog:
    """Open the log behind what is recorded; one that ends before it is of no more use."""
    log = SegmentedLog.open(directory, STEM) if segments_in(directory, STEM) else None
    if log is not None and log.last >= recorded:
        return log
    if log is not None:
        log.close()
        for segment in segments_in(directory, STEM):
            segment.path.unlink()
    (directory / f"{STEM}-{recorded + 1:012d}.frames").touch(mode=0o600)
    return SegmentedLog.open(directory, STEM)
