"""How much a parser may use, and telling the operating system so."""

from __future__ import annotations

import math
import resource
from dataclasses import dataclass
from pathlib import Path

#: What an interpreter with its libraries maps besides its own data and may have resident, in megabytes.
_LIBRARIES = 40
#: Address space beyond the data: libraries, stacks, files mapped for reading. In megabytes.
_MAPPED = 800
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one child: wall-clock `seconds` for each document (and for reading a file's first), `megabytes` resident in all.

    `start_seconds` is for an interpreter and the parser's libraries, which 2 busy cores have taken 4 s to load.
    """

    seconds: float = 2.0
    megabytes: int = 200
    start_seconds: float = 60.0


def confine(limits: Limits) -> None:
    """Confines this process for good: memory, files it may write (none but a short error log), open files, no core dump."""
    data = (limits.megabytes - _LIBRARIES) * _MEGABYTE
    _lower(resource.RLIMIT_DATA, data)
    _lower(resource.RLIMIT_AS, data + _MAPPED * _MEGABYTE)
    _lower(resource.RLIMIT_FSIZE, _MEGABYTE)
    _lower(resource.RLIMIT_NOFILE, 64)
    _lower(resource.RLIMIT_CORE, 0)


def allow_cpu(seconds: float) -> None:
    """From now on so many more seconds of CPU before the system kills this process, even when nobody watches it any more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def peak_megabytes() -> float:
    """The most memory that was resident in this process so far; 0 where the system does not tell (it is not Linux).

    Not getrusage's: that begins with what the parent had resident when it started this process.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return 0.0
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
