"""The destination that the settings name; its library is loaded when it is used."""

from pathlib import Path

from actors.adapters.export.port import Destination, ExportRefused
from protocol.export_settings import ExportSettings


def open_destination(settings: ExportSettings) -> Destination | None:
    """Return the destination, None if nothing is exported."""
    match settings.to:
        case "nowhere":
            return None
        case "directory":
            if not settings.path:
                raise ExportRefused("export.path is empty, wanted for export.to = directory")
            from actors.adapters.export.directory import DirectoryDestination

            return DirectoryDestination(Path(settings.path).resolve())
        case "sftp":
            from actors.adapters.export.sftp import SftpDestination

            return SftpDestination(settings)
        case "s3":
            from actors.adapters.export.s3 import S3Destination

            return S3Destination(settings)
