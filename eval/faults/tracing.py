"""Runs a process call by call and strikes it at one of them: killed before it, killed in the middle of it, or refused by it.

As `strace -e inject` does, but with one count over all threads. strace counts for each thread apart: of the calls of a build
that write, a quarter are made by tantivy's threads, and nearly all of those come after the main thread made as many, so that
no number ever reaches them.

Only Linux on x86-64, whose registers are written to refuse a call. Knows nothing of what the process does.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_LIBC.ptrace.restype = ctypes.c_long

_TRACEME, _GETREGS, _SETREGS, _SYSCALL, _SETOPTIONS, _SYSCALL_INFO = 0, 12, 13, 24, 0x4200, 0x420E
#: Tell calls from signals; follow fork, vfork and clone; die with the tracer.
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x100000
_ENTRY, _EXIT = 1, 2
_WALL = 0x40000000
#: Where <sys/user.h> has the registers, in words: of the third argument, the result, the number of the call.
_RDX, _RAX, _ORIG_RAX, _REGISTERS = 12, 10, 15, 27
_PATH_BYTES = 4096

#: Calls that change a disk, by their number. In the second group the first argument is an open file, in the third a folder.
_BY_PATH = {2: "open", 76: "truncate", 82: "rename", 83: "mkdir", 84: "rmdir", 85: "creat", 86: "link", 87: "unlink"}
_BY_FILE = {
    1: "write", 18: "pwrite64", 20: "writev", 40: "sendfile", 74: "fsync", 75: "fdatasync", 77: "ftruncate", 285: "fallocate",
    296: "pwritev",
}  # fmt: skip
_BY_FOLDER = {257: "openat", 258: "mkdirat", 263: "unlinkat", 264: "renameat", 316: "renameat2"}
_NAMES = _BY_PATH | _BY_FILE | _BY_FOLDER
_OPEN_FLAGS = {"open": 1, "openat": 2}  # the argument that has them
#: The calls whose second path is what they make.
_TO = {"rename": 1, "renameat": 3, "renameat2": 3, "link": 1}
_TORN = {"write", "pwrite64"}


class How(StrEnum):
    """What happens at a call."""

    KILL = "kill"  # SIGKILL, and the call is never made
    TORN = "torn"  # half of it is written, then SIGKILL
    EIO = "EIO"
    ENOSPC = "ENOSPC"
    EROFS = "EROFS"


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes call number `at`, counted from 1, and all later ones too when `lasting`: a disk that is full stays full."""

    how: How
    at: int
    lasting: bool = False

    def strikes(self, number: int, call: Call) -> bool:
        """Whether this call is struck. A full disk still lets go of files, reads them and syncs them."""
        if not (number >= self.at if self.lasting else number == self.at):
            return False
        return self.how is not How.ENOSPC or not self.lasting or call.takes_room


@dataclass(frozen=True, slots=True)
class Call:
    """A call that changes the disk: `write` of `generations/000002/vectors.npy`. Paths are below the folder that is watched."""

    name: str
    path: str
    to: str = ""  # what a rename makes
    flags: int = 0  # of an open; without O_CREAT where the file was there

    @property
    def takes_room(self) -> bool:
        """Whether it may need more of the disk."""
        return self.name not in ("fsync", "fdatasync", "unlink", "unlinkat", "rmdir", "truncate", "ftruncate")

    @property
    def creates(self) -> bool:
        """Whether it opens a file that was not there yet."""
        return bool(self.flags & os.O_CREAT)

    def __str__(self) -> str:
        return f"{self.name} {self.path}{f' -> {self.to}' if self.to else ''}"


@dataclass(slots=True)
class Traced:
    """What a process did until it ended. `status` is as subprocess has it: a signal is negative."""

    calls: list[Call] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)  # also only for reading
    struck: list[Call] = field(default_factory=list)
    status: int = 0
    hung: bool = False


class _Info(ctypes.Structure):
    """<linux/ptrace.h>: ptrace_syscall_info, at the entry of a call."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 7),
    )


def can_trace() -> str | None:
    """None where processes can be struck here, else the reason why not."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return "calls are struck on Linux on x86-64 only"
    pid = _fork(lambda: 0)
    done, status = os.waitpid(pid, 0)
    if not os.WIFSTOPPED(status):
        return "this machine lets no process trace another (ptrace)"
    os.kill(done, signal.SIGKILL)
    os.waitpid(done, 0)
    return None


def traced(work: Callable[[], int], under: Path, fault: Fault | None, seconds: float) -> Traced:
    """Runs `work` in a fork of this process, which must have no other children; it gives the exit code.

    Counts calls on paths below `under`. A process that takes longer than so many seconds is killed and told as hung.
    """
    pid = _fork(work)
    os.waitpid(pid, 0)  # it has stopped itself
    _ptrace(_SETOPTIONS, pid, 0, _OPTIONS)
    return _Tracer(pid, under, fault).run(seconds)


def _fork(work: Callable[[], int]) -> int:
    if pid := os.fork():
        return pid
    code = 70
    try:
        if _LIBC.ptrace(_TRACEME, 0, None, None) == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            code = work()
    finally:
        os._exit(code)


class _Tracer:
    """One process with its threads, from its first call to its end."""

    def __init__(self, pid: int, under: Path, fault: Fault | None) -> None:
        self._pid, self._under, self._fault = pid, str(under.resolve()), fault
        self._known = {pid}
        self._refused: dict[int, int] = {}  # thread -> error number to be given at the call's exit
        self._dying: set[int] = set()  # threads that are killed at the call's exit
        self._done = Traced()

    def run(self, seconds: float) -> Traced:
        signal.signal(signal.SIGALRM, self._too_long)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            self._go_on(self._pid)
            while True:
                tid, status = os.waitpid(-1, _WALL)
                if os.WIFSTOPPED(status):
                    self._stopped(tid, status)
                elif tid == self._pid:  # the last of its threads
                    self._done.status = os.waitstatus_to_exitcode(status)
                    return self._done
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _too_long(self, number: int, frame: object) -> None:
        self._done.hung = True
        os.kill(self._pid, signal.SIGKILL)

    def _stopped(self, tid: int, status: int) -> None:
        stop, new = os.WSTOPSIG(status), tid not in self._known
        self._known.add(tid)
        if stop == signal.SIGTRAP | 0x80:
            self._at_call(tid)
        elif status >> 16 or (new and stop == signal.SIGSTOP):  # a thread was made, or begins
            self._go_on(tid)
        else:
            self._go_on(tid, stop)

    def _at_call(self, tid: int) -> None:
        info = _Info()
        if _ptrace(_SYSCALL_INFO, tid, ctypes.sizeof(info), ctypes.addressof(info)) <= 0:
            return  # it was killed meanwhile
        if info.op == _ENTRY and info.number in _NAMES:
            self._entered(tid, _NAMES[info.number], list(info.arguments))
        elif info.op == _EXIT and tid in self._refused:
            _set_register(tid, _RAX, -self._refused.pop(tid))
        elif info.op == _EXIT and tid in self._dying:
            os.kill(self._pid, signal.SIGKILL)
            return
        self._go_on(tid)

    def _entered(self, tid: int, name: str, arguments: list[int]) -> None:
        call = self._call(tid, name, arguments)
        if call is None:
            return
        if name in _OPEN_FLAGS:
            self._done.opened.append(call.path)
            if not call.flags & (os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_RDWR):
                return
        self._done.calls.append(call)
        if not self._fault or not self._fault.strikes(len(self._done.calls), call):
            return
        self._done.struck.append(call)
        match self._fault.how:
            case How.KILL:
                os.kill(self._pid, signal.SIGKILL)
            case How.TORN:
                if name in _TORN:
                    _set_register(tid, _RDX, arguments[2] // 2)
                self._dying.add(tid)
            case how:
                self._refused[tid] = getattr(errno, how.value)
                _set_register(tid, _ORIG_RAX, -1)

    def _call(self, tid: int, name: str, arguments: list[int]) -> Call | None:
        """None for one that is not below the watched folder."""
        if name in _BY_FILE.values():
            path = _link(f"/proc/{tid}/fd/{arguments[0]}")
        elif name in _BY_PATH.values():
            path = self._path(tid, None, arguments[0])
        else:
            path = self._path(tid, arguments[0], arguments[1])
        if not f"{path}/".startswith(f"{self._under}/"):
            return None
        to = _TO.get(name)
        made = self._below(self._path(tid, arguments[to - 1] if "at" in name else None, arguments[to])) if to else ""
        flags = arguments[_OPEN_FLAGS[name]] if name in _OPEN_FLAGS else 0
        if flags & os.O_CREAT and os.path.lexists(path):
            flags ^= os.O_CREAT
        return Call(name, self._below(path), made, flags)

    def _below(self, path: str) -> str:
        return path.removeprefix(self._under).removeprefix("/") or "."

    def _path(self, tid: int, folder: int | None, address: int) -> str:
        """A path argument, made absolute."""
        with Path(f"/proc/{tid}/mem").open("rb", buffering=0) as memory:
            given = os.fsdecode(os.pread(memory.fileno(), _PATH_BYTES, address).split(b"\0", 1)[0])
        at_fdcwd = folder is None or ctypes.c_int(folder & 0xFFFFFFFF).value < 0
        base = _link(f"/proc/{tid}/cwd" if at_fdcwd else f"/proc/{tid}/fd/{folder}")
        return str(Path(os.path.normpath(Path(base) / given)))

    def _go_on(self, tid: int, signal_number: int = 0) -> None:
        _ptrace(_SYSCALL, tid, 0, signal_number)


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""  # not open: the call itself will say so


def _set_register(tid: int, register: int, value: int) -> None:
    registers = (ctypes.c_int64 * _REGISTERS)()
    _ptrace(_GETREGS, tid, 0, ctypes.addressof(registers))
    registers[register] = value
    _ptrace(_SETREGS, tid, 0, ctypes.addressof(registers))


def _ptrace(request: int, tid: int, address: int, data: int) -> int:
    """Its result; -1 when the thread was killed meanwhile. Raises `OSError` for anything else."""
    result = int(_LIBC.ptrace(request, tid, address, data))
    if result == -1 and (number := ctypes.get_errno()) != errno.ESRCH:
        raise OSError(number, os.strerror(number), "ptrace")
    return result
