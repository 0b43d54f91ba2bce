"""Copies what pages need of the KERN design system from node_modules to the static folder: `python -m catalog.web.vendor`."""

import gzip
import json
import shutil
import sys
from pathlib import Path

from catalog.web.assets import KERN, KERN_FOLDER
from dcat.errors import ConfigError, OffenbarError
from dcat.message import Message

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGE = "node_modules/@kern-ux/native"
FONTS = (("FiraSans-Regular.woff2", 400), ("FiraSans-SemiBold.woff2", 600))
FONT_FACE = """@font-face {{
  font-family: "Fira Sans";
  src: url("{file}") format("woff2");
  font-weight: {weight};
  font-style: normal;
  font-display: swap;
}}
"""


def copy(root: Path, static: Path) -> Path:
    """Copy style sheet, fonts and licence texts; running it again gives the same folder."""
    package = root / PACKAGE
    _check(package)
    target = static / KERN_FOLDER
    shutil.rmtree(target.parent, ignore_errors=True)
    (target / "fonts").mkdir(parents=True)
    shutil.copyfile(package / "dist" / "kern.min.css", target / "kern.min.css")
    # Without the time in it, each run writes the same bytes.
    (target / "kern.min.css.gz").write_bytes(gzip.compress((target / "kern.min.css").read_bytes(), 9, mtime=0))
    shutil.copyfile(package / "LICENSE.md", target / "LICENSE-KERN.md")
    for file, _ in FONTS:
        shutil.copyfile(package / "dist" / "fonts" / "fira-sans" / file, target / "fonts" / file)
    shutil.copyfile(HERE / "licences" / "OFL-1.1-FiraSans.txt", target / "fonts" / "OFL.txt")
    faces = "".join(FONT_FACE.format(file=file, weight=weight) for file, weight in FONTS)
    (target / "fonts" / "fira-sans.css").write_text(faces, encoding="ascii")
    return target


def main() -> int:
    """Run as a command; the sentence on standard error says what is missing."""
    try:
        target = copy(ROOT, HERE / "static")
    except OffenbarError as error:
        sys.stderr.write(f"{error.message.de}\n{error.message.en}\n")
        return error.exit_code
    sys.stdout.write(f"{target.relative_to(ROOT)}\n")
    return 0


def _check(package: Path) -> None:
    description = package / "package.json"
    found = json.loads(description.read_text(encoding="utf-8"))["version"] if description.is_file() else ""
    if found != KERN:
        raise ConfigError(
            Message(
                f"KERN {KERN} fehlt in node_modules (gefunden: {found or 'nichts'}). Nächster Schritt: make install",
                f"KERN {KERN} is missing from node_modules (found: {found or 'nothing'}). Next step: make install",
            )
        )


if __name__ == "__main__":
    sys.exit(main())
