"""File drops in S3 buckets (docs/sources/s3.md): listed by their door, cut like every drop."""

from dataclasses import replace

from harvesters.folder import FOLDER

S3 = replace(FOLDER, type="s3", options=("endpoint", "region"))
