"""The door of a source whose files lie on no web server. Its libraries are loaded only when such a source is harvested."""

from functools import partial

from harvesters import places
from harvesters.doors import MakeDoor
from harvesters.source import Source


def door_of(source: Source) -> MakeDoor | None:
    """Give what makes the door of a source; None for sources on the web. ConfigError, when it is made, for a login that is missing."""
    # paramiko and botocore would cost every web worker a third of a second and 30 MB.
    if source.type == "folder":
        from harvesters.folder_door import FolderDoor  # noqa: PLC0415

        return lambda hall: FolderDoor(source.url)
    if source.type == "s3":
        from harvesters.s3_door import S3Door  # noqa: PLC0415

        options = dict(source.options)
        endpoint, region = places.s3_endpoint(options), places.s3_region(options)
        return partial(S3Door, url=source.url, login=source.login, endpoint=endpoint, region=region)
    if source.type == "sftp":
        from harvesters.sftp_door import SftpDoor  # noqa: PLC0415

        return partial(SftpDoor, url=source.url, login=source.login, host_key=source.network.host_key)
    return None
