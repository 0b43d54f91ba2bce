"""Unpacks gzip and deflate as they arrive, and stops a bomb before it goes off."""

import zlib
from collections.abc import Iterator

from dcat.errors import FetchError, RefusedError
from dcat.message import Message

_STEP = 1 << 16
# A short page of repeated rows may well pack better than 100:1; a bomb is large.
_RATIO_FLOOR = 1 << 20


def inflate(packed: Iterator[bytes], encoding: str, *, url: str, limit: int, ratio: int) -> Iterator[bytes]:
    """Yield the unpacked bytes, at most `limit` of them and at most `ratio` times what came in."""
    received = given = 0
    for received, piece in _unpacked(packed, encoding, url):
        given += len(piece)
        if given > limit:
            raise too_large(url, limit)
        if given > _RATIO_FLOOR and given > received * ratio:
            raise RefusedError(
                Message(
                    f"Die Antwort von {url} wächst beim Entpacken auf mehr als das {ratio}-Fache und wurde verworfen; bitte das Amt fragen.",
                    f"The answer from {url} unpacks to more than {ratio} times its size and was dropped; please ask the department.",
                ),
                code="ratio",
                url=url,
            )
        yield piece


def too_large(url: str, limit: int) -> RefusedError:
    """The refusal of an answer above the limit."""
    return RefusedError(
        Message(
            f"Die Antwort von {url} ist größer als {limit} Bytes; bei Bedarf in der Quelle »limits: {{max_bytes: ...}}« oder "
            "»limits: {max_file_bytes: ...}« erhöhen.",
            f'The answer from {url} is larger than {limit} bytes; if it should be, raise "limits: {{max_bytes: ...}}" or '
            '"limits: {max_file_bytes: ...}" in the source.',
        ),
        code="too-large",
        url=url,
    )


def truncated(url: str) -> FetchError:
    """The error for an answer that ends before it is complete."""
    return FetchError(
        Message(
            f"Die Antwort von {url} bricht vor ihrem Ende ab; der nächste Lauf versucht es wieder.",
            f"The answer from {url} breaks off before its end; the next run will try again.",
        ),
        code="truncated",
        url=url,
    )


def _unpacked(packed: Iterator[bytes], encoding: str, url: str) -> Iterator[tuple[int, bytes]]:
    """Yield bytes received so far with each unpacked piece."""
    names = [name for name in (part.strip().lower() for part in encoding.split(",")) if name not in ("", "identity")]
    received = 0
    if not names:
        for chunk in packed:
            received += len(chunk)
            yield received, chunk
        return
    if len(names) > 1 or names[0] not in ("gzip", "x-gzip", "deflate"):
        raise _undecodable(url, encoding)
    gzip = names[0] != "deflate"
    machine = zlib.decompressobj(31) if gzip else None
    started = False
    for chunk in packed:
        received += len(chunk)
        started = True
        if machine is None:
            # "deflate" means zlib, but some servers send it bare (RFC 9110, 8.4.1.2).
            machine = zlib.decompressobj(15 if chunk[0] & 0x0F == 8 and chunk[0] >> 4 <= 7 else -15)
        while chunk:
            if machine.eof:
                # Concatenated gzip members are one file; anything else behind the end is padding.
                if not gzip or not chunk.startswith(b"\x1f"):
                    break
                machine = zlib.decompressobj(31)
            try:
                piece = machine.decompress(chunk, _STEP)
            except zlib.error:
                raise _undecodable(url, encoding) from None
            chunk = machine.unused_data if machine.eof else machine.unconsumed_tail
            yield received, piece
    if machine is not None and started:
        # What zlib held back fits in one step, because the tail was empty.
        yield received, machine.flush()
        if not machine.eof:
            raise truncated(url)


def _undecodable(url: str, encoding: str) -> FetchError:
    return FetchError(
        Message(
            f"Die Antwort von {url} ist nicht richtig gepackt (Content-Encoding: {encoding[:40]}); bitte dem Amt melden.",
            f"The answer from {url} is not packed properly (Content-Encoding: {encoding[:40]}); please tell the department.",
        ),
        code="encoding",
        url=url,
    )
