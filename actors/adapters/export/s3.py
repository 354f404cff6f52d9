"""Files to an S3-compatible store, through s3fs; credentials come from the environment alone.

An object appears whole or not at all, a multipart upload too. It is read back and its checksum
compared; S3's own ETag is none of the content when an upload has several parts.
"""

import hashlib
import os
from typing import Any

from actors.adapters.export.port import (
    BLOCK_BYTES,
    ExportFailed,
    ExportRefused,
    Put,
    checksum_line,
)
from protocol.export_settings import ExportSettings

KEY, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


class S3Destination:
    """A bucket, or a part of one below a prefix."""

    def __init__(self, settings: ExportSettings) -> None:
        if not settings.path.strip("/"):
            raise ExportRefused("export.path is empty, wanted bucket/prefix for export.to = s3")
        missing = [name for name in (KEY, SECRET) if not os.environ.get(name)]
        if missing:
            raise ExportRefused(f"{' and '.join(missing)} not in the environment, wanted for s3")
        self._settings = settings
        self._root = settings.path.strip("/")

    @property
    def label(self) -> str:
        """Bucket and prefix."""
        return f"s3 {self._root}"

    def put(self, file: Put) -> None:
        """Upload and verify."""
        from botocore.exceptions import (  # type: ignore[import-untyped]
            BotoCoreError,
            ClientError,
        )

        try:
            store = self._store()
            name = f"{self._root}/{file.name}"
            if not self._is_whole(store, name, file):
                store.put_file(str(file.path), name)
                if not self._is_whole(store, name, file):
                    raise ExportFailed(f"{self.label}: {file.name} reads back different")
            store.pipe_file(f"{name}.sha256", checksum_line(file))
        except PermissionError as error:
            raise ExportRefused(f"{self.label}: {file.name}: {_plain(error)}") from None
        except (OSError, BotoCoreError, ClientError, TimeoutError) as error:
            text = f"{self.label}: {file.name}: {type(error).__name__}: {_plain(error)}"
            raise ExportFailed(text) from None

    def _store(self) -> Any:
        import s3fs  # type: ignore[import-untyped]

        timeout_s = self._settings.timeout_s
        store = s3fs.S3FileSystem(
            key=os.environ[KEY],
            secret=os.environ[SECRET],
            token=os.environ.get(TOKEN),
            endpoint_url=self._settings.endpoint_url or None,
            config_kwargs={
                "connect_timeout": timeout_s,
                "read_timeout": timeout_s,
                "retries": {"max_attempts": 1},
            },
            skip_instance_cache=True,
            use_listings_cache=False,
        )
        store.retries = 1  # Whoever exports tries again, with pauses that are written down.
        return store

    @staticmethod
    def _is_whole(store: Any, name: str, file: Put) -> bool:
        try:
            if store.info(name)["size"] != file.size:
                return False
        except FileNotFoundError:
            return False
        digest = hashlib.sha256()
        with store.open(name, "rb", cache_type="none") as there:
            while block := there.read(BLOCK_BYTES * 16):
                digest.update(block)
        return digest.hexdigest() == file.sha256


def _plain(error: BaseException) -> str:
    """Return the text of an error without what must not be repeated."""
    text = str(error)
    for name in (KEY, SECRET, TOKEN):
        if os.environ.get(name):
            text = text.replace(os.environ[name], f"({name})")
    return text
