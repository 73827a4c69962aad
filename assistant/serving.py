"""Runs the web application: gunicorn with threads, or Flask's own server for development.

Nothing that holds a model or an index is loaded before the fork: FAISS and torch hang in a forked child once their
threads have run in the parent. The parent only checks that there are an index and a database to serve with.
"""

from __future__ import annotations

import gc
import ipaddress
import logging
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

from assistant.store import ConversationStore
from corpus.clock import today
from corpus.errors import SettingsError
from index.live import servable

if TYPE_CHECKING:
    from assistant.settings import Settings

log = logging.getLogger(__name__)

#: How long a thread may compute before another does. By default 5 ms, which each of a request's steps waits while a new
#: generation is opened beside it: the p99 of answers over 50 switches was 162 ms, and is 107 so (idle 36).
_SWITCH_S = 0.0005


def serve(settings: Settings, *, debug: bool = False) -> None:
    """Serves until interrupted. Raises `IndexUnavailable`, `ModelUnavailable` or `SettingsError` before anything listens."""
    _check_staff(settings)
    _, _, degraded = servable(settings)
    if degraded:
        sys.stderr.write(f"degraded: {degraded}\n")
    _check_address(settings.host, settings.port)
    ConversationStore(settings.database).close()  # also makes its tables, once, before several workers would
    if debug:
        from assistant.web import create_app

        create_app(settings).run(host=settings.host, port=settings.port, debug=True)
        return

    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        """gunicorn with our settings instead of its command line."""

        def load_config(self) -> None:
            for key, value in _gunicorn(settings).items():
                self.cfg.set(key, value)

        def load(self) -> Any:
            from assistant.web import create_app

            logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
            for ours in ("assistant", "index"):
                logging.getLogger(ours).setLevel(logging.INFO)  # libraries only when something is wrong
            logging.getLogger("gunicorn.error").addFilter(_unsaid)
            sys.setswitchinterval(_SWITCH_S)
            app = create_app(settings)
            threading.Thread(target=_settle, args=(app.extensions["ready"],), name="settle", daemon=True).start()
            return app

    Server().run()


def _settle(ready: threading.Event) -> None:
    """Takes what is loaded out of garbage collection: looking through its 590,000 objects held up every answer for .3 s.

    Opening a generation makes so many objects that Python then looks through all there are.
    """
    ready.wait()
    gc.collect()
    gc.freeze()


def _check_staff(settings: Settings) -> None:
    """Raises `SettingsError` where others reach the server and nobody was named who may sign in to its staff pages."""
    from assistant.settings import StaffPages
    from assistant.staff.credentials import staff_of

    if settings.staff is StaffPages.OFF:
        return
    staff = staff_of(settings)
    for token in staff.tokens:
        if token.expires < today():
            log.warning("FOLLOWUP_STAFF_TOKENS: the token of %s expired on %s", token.name, token.expires)
    if staff.names or (not settings.proxies and _is_own(settings.host)):
        return
    who = "through proxies" if settings.proxies else f"at {settings.host}"
    raise SettingsError(
        f"others reach this server {who}, and nobody may sign in to its staff pages: run `followup staff password --name NAME`, "
        "put what it prints into FOLLOWUP_STAFF_PASSWORDS, or set FOLLOWUP_STAFF=off to have no staff pages"
    )


def _is_own(host: str) -> bool:
    """Whether only this machine reaches an address to listen on. A name that cannot be resolved is `_check_address`' business."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)}
    except OSError:
        return True
    return all(ipaddress.ip_address(str(address).partition("%")[0]).is_loopback for address in found)


def _check_address(host: str, port: int) -> None:
    """Raises `SettingsError` where nothing can listen; gunicorn would try for 5 s and end in a screen of log lines."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: a restart need not wait
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host}:{port} ({error.strerror}); set FOLLOWUP_HOST and FOLLOWUP_PORT, or --host and --port"
        ) from error


def _gunicorn(settings: Settings) -> dict[str, Any]:
    return {
        "bind": f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}",
        "workers": settings.workers,
        "worker_class": "gthread",
        "threads": settings.worker_threads,
        "preload_app": False,
        "timeout": 120,
        "graceful_timeout": 10,
        "keepalive": 5,
        "limit_request_line": 8190,  # a search of 4,000 characters is refused by the page, not by gunicorn's bare 400
        "proc_name": "followup",
        "forwarded_allow_ips": "",  # FOLLOWUP_PROXIES says who is believed; gunicorn would believe any client on this machine
        "control_socket_disable": True,  # two servers of one user would fight over the file in their home
        "when_ready": _announce,
    }


def _unsaid(record: logging.LogRecord) -> bool:
    """Gunicorn names the address and the request line, with what was searched, of a request that it refuses or fails at."""
    for said in ("Invalid request", "Error handling request"):
        if str(record.msg).startswith(said):
            record.msg, record.args, record.exc_info = said, (), None
    return True


def _announce(server: Any) -> None:
    for listener in server.LISTENERS:
        sys.stdout.write(f"Serving on {listener} (Ctrl-C stops)\n")
    sys.stdout.flush()
