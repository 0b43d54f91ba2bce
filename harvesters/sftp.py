"""File drops on SFTP servers (docs/sources/sftp.md): listed by their door, cut like every drop."""

from dataclasses import replace

from harvesters.folder import FOLDER

SFTP = replace(FOLDER, type="sftp")
