"""What a restart goes on from, so that it does not read everything again.

A shell that is a function of what it reads can always read its sources anew, from number 1, and
arrive where it was. That takes longer by the day, so now and then a copy of it is kept, with where
it stood: right behind a cut, where nothing is half done. A restart takes the newest copy and reads
on from there. Whoever goes on so cannot be told from one who never died, so nothing else has to
know of it, and a copy that is missing or void costs time only.

A copy is for restarts within the life of one floor: it is sealed with the key of the run and gone
with it. It survives its process, and no power cut: what others had only noted is then lost too,
and everybody begins anew with what is durable.
"""

import copyreg
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path
from time import process_time
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar

from supervision.flow import MemoryWindow, OwnWindow
from supervision.spill import SpillWindow

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")
SEAL_BYTES = 32
COST_SHARE = 20  # Keeping copies takes no more than so small a part of an actor's work.


def _view(items: dict[object, object]) -> MappingProxyType[object, object]:
    return MappingProxyType(items)


# Rules hold calendars in read-only views, which pickle does not know.
copyreg.pickle(MappingProxyType, lambda view: (_view, (dict(view),)))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where an actor stood right behind a cut."""

    cut: int
    positions: dict[str, int]  # The number of that cut in each source.
    published: int  # The last number of its own stream.
    gaps: dict[str, int]
    state: bytes  # The shell's attributes.


class Checkpoints(Protocol):
    """Keeps the newest checkpoint of an actor, with its stream up to there."""

    @property
    def loaded(self) -> Checkpoint | None:
        """What an earlier life has left, ..."""

    @property
    def window(self) -> OwnWindow:
        """... and its stream up to there, which goes on."""

    def due(self) -> bool:
        """Return whether enough was done since the last one to keep another when it is quiet."""

    def overdue(self) -> bool:
        """Return whether another must not wait for that."""

    def keep(self, make: Callable[[], Checkpoint]) -> None:
        """Put what this makes in the place of the last, if that is possible."""


def without_secrets(settings: R) -> R:
    """Return settings, a record of records, without the fields that a record does not show.

    Copies lie on the disk, so a shell that keeps them is told nothing that must not be seen.
    """
    sections = {}
    for section in fields(settings):
        record = getattr(settings, section.name)
        blank = {part.name: part.default for part in fields(record) if not part.repr}
        sections[section.name] = replace(record, **blank)
    return replace(settings, **sections)


def state_of(shell: object) -> bytes:
    """Return a copy of the attributes of a shell."""
    return pickle.dumps(vars(shell), pickle.HIGHEST_PROTOCOL)


def restore(shell: object, state: bytes) -> None:
    """Give a shell the attributes of `state`, which must come from `state_of`."""
    vars(shell).update(pickle.loads(state))


class FileCheckpoints:
    """Checkpoints of actor `id` in files of `directory`, sealed with `key`.

    One is due after `work_s` seconds of processor time, or after `COST_SHARE` times what the last
    one took if that is more, and overdue `work_s` later: so much is done again by a restart.
    """

    def __init__(self, directory: Path, id: str, key: bytes, work_s: float) -> None:
        self._path = directory / f"{id}.checkpoint"
        self._key = blake2b(key, digest_size=SEAL_BYTES, person=b"floorwatch-state").digest()
        self._work_s = work_s
        self.loaded = self._read()
        frames = directory / f"{id}.frames"
        self.window = SpillWindow(frames)
        if self.loaded is not None:
            try:
                self.window = SpillWindow(frames, self.loaded.published)
            except OSError:
                self.loaded = None
        self._due_s = process_time() + work_s

    def due(self) -> bool:
        return process_time() >= self._due_s

    def overdue(self) -> bool:
        return process_time() >= self._due_s + self._work_s

    def keep(self, make: Callable[[], Checkpoint]) -> None:
        began_s = process_time()
        if self.window.save():
            self._write(pickle.dumps(make(), pickle.HIGHEST_PROTOCOL))
        ended_s = process_time()
        self._due_s = ended_s + max(self._work_s, COST_SHARE * (ended_s - began_s))

    def _write(self, content: bytes) -> None:
        """Replace the file as a whole; where the disk does not take it, the last one stays."""
        draft = self._path.with_suffix(".tmp")
        try:
            with open(draft, "wb", opener=_private) as file:
                file.write(self._seal(content) + content)
            draft.replace(self._path)
        except OSError:
            return

    def _read(self) -> Checkpoint | None:
        try:
            found = self._path.read_bytes()
        except FileNotFoundError:
            return None
        seal, content = found[:SEAL_BYTES], found[SEAL_BYTES:]
        if not compare_digest(seal, self._seal(content)):  # Of another run, or nobody's.
            return None
        checkpoint: Checkpoint = pickle.loads(content)  # Its seal says that we wrote it.
        return checkpoint

    def _seal(self, content: bytes) -> bytes:
        return blake2b(content, digest_size=SEAL_BYTES, key=self._key).digest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@dataclass(slots=True)
class MemoryCheckpoints:
    """The checkpoint that outlives a node but not its process; when to keep it, others say."""

    loaded: Checkpoint | None = None
    window: MemoryWindow[bytes] = field(default_factory=MemoryWindow)

    def keep(self, make: Callable[[], Checkpoint]) -> None:
        """Put what this makes in the place of the last."""
        self.loaded = make()

    def again(self) -> "MemoryCheckpoints":
        """Return what the next life finds."""
        if self.loaded is None:
            return MemoryCheckpoints()
        window = MemoryWindow(bodies=self.window.bodies[: self.loaded.published])
        return MemoryCheckpoints(self.loaded, window)
