"""The program that runs one SPARQL query: started for it, ended with it, limited by the kernel, without any way to the network.

It reads a request (JSON) from standard input and the store from the folder named as argument, and writes one line of JSON that
says what became of the query, followed by the result. Only pyoxigraph and the standard library are loaded.
"""

import ctypes
import io
import json
import os
import resource
import signal
import sys

import pyoxigraph as ox

SECONDS = 10
MEMORY = 400_000_000
FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
# Numbers from the kernel's headers: linux/prctl.h, linux/seccomp.h, linux/bpf_common.h and asm/unistd.h.
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_REFUSED, _ALLOWED = 0x0005_0000 | 13, 0x7FFF_0000
_SOCKET = {"x86_64": 41, "aarch64": 198}


class TooLargeError(Exception):
    """The result has more bytes than its reader takes."""


class Limited(io.RawIOBase):
    """Bytes up to a limit."""

    def __init__(self, most: int) -> None:
        self.content = bytearray()
        self._most = most

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        if len(self.content) + len(piece) > self._most:
            raise TooLargeError
        self.content += piece
        return len(piece)


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def main() -> None:
    """Run the query of standard input on the store in the folder that the first argument names."""
    offline = restrict(int(sys.argv[2]))
    request = json.load(sys.stdin.buffer)
    said, body = answer(sys.argv[1], request, offline=offline)
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + body)


def restrict(parent: int) -> bool:
    """Put limits around this process that nothing in it can lift; tells whether sockets are out of reach."""
    for limit, value in (
        (resource.RLIMIT_CPU, SECONDS),
        # Memory of our own only: files that RocksDB maps do not count, and need not.
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    signal.alarm(SECONDS)
    os.nice(5)
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    return _without_sockets(libc)


def _without_sockets(libc: ctypes.CDLL) -> bool:
    """Let the kernel refuse every socket: pyoxigraph fetches what a SERVICE names, and has no switch against it."""
    number = _SOCKET.get(os.uname().machine)
    if number is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    instructions = (_Instruction * 4)(
        _Instruction(_LOAD, 0, 0, 0),
        _Instruction(_JUMP_IF_EQUAL, 0, 1, number),
        _Instruction(_RETURN, 0, 0, _REFUSED),
        _Instruction(_RETURN, 0, 0, _ALLOWED),
    )
    program = _Filter(len(instructions), instructions)
    return bool(
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program)) == 0
    )


def answer(folder: str, request: dict[str, object], *, offline: bool) -> tuple[dict[str, str], bytes]:
    """Run the query; gives what became of it, in a word and where it helps a message, and the result."""
    query = str(request["query"])
    federated = "service" in query.lower()
    if federated and not offline:
        return {"outcome": "service"}, b""
    try:
        store = ox.Store.read_only(folder)
    except (OSError, RuntimeError):
        return {"outcome": "damaged"}, b""
    try:
        return _result(store, query, request)
    except SyntaxError as error:
        return {"outcome": "syntax", "message": str(error)[:500]}, b""
    except TooLargeError:
        return {"outcome": "large"}, b""
    except MemoryError:
        return {"outcome": "memory"}, b""
    except (OSError, RuntimeError) as error:
        # What a SERVICE fails with may quote the query; without one, only the store speaks.
        if federated:
            return {"outcome": "service"}, b""
        return {"outcome": "damaged" if "Corruption" in str(error) else "failed"}, b""


def _result(store: ox.Store, query: str, request: dict[str, object]) -> tuple[dict[str, str], bytes]:
    chosen = {
        key: [ox.NamedNode(str(name)) for name in names]
        for key in ("default_graph", "named_graphs")
        if isinstance(names := request.get(key), list)
    }
    found = store.query(query, **chosen)  # type: ignore[arg-type]
    form = request["triples"] if isinstance(found, ox.QueryTriples) else request["solutions"]
    if not form:
        return {"outcome": "format"}, b""
    output = Limited(int(str(request["most"])))
    found.serialize(output, FORMATS[str(form)])  # type: ignore[arg-type]
    return {"outcome": "done", "format": str(form)}, bytes(output.content)


if __name__ == "__main__":
    main()
