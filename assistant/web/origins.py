"""Cross-site request forgery: what another site's page makes a reader's browser send is refused.

The browser itself says where a request comes from, in headers that no page can set. `Sec-Fetch-Site` (all browsers since March
2023) is `same-origin` for our own pages and `none` for what the reader did, such as reloading a form; anything else is another
site's doing. Over plain http, as on an intranet, and in older browsers it is missing: then `Origin` must name the host that was
asked. A client that sends neither is no browser (curl, a script): nobody's cookies can be abused through it.

This is the Fetch Metadata defence of the OWASP CSRF Prevention Cheat Sheet with its fall-back to `Origin`, and what
`http.CrossOriginProtection` of Go 1.25 does. It needs no token and so no cookie: a reader who blocks cookies can still ask.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Request, abort, request

#: Methods that change nothing (RFC 9110, 9.2.1). Everything else is checked, whichever route it goes to.
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OURS = frozenset({"same-origin", "none"})


def refuse_other_sites() -> None:
    """Before every request: 403 for one that another site made the browser send."""
    if request.method not in SAFE and not _is_ours(request):
        abort(403, "this was sent from another site's page; open the page here again, and send it from there")


def _is_ours(asked: Request) -> bool:
    if site := asked.headers.get("Sec-Fetch-Site"):
        return site in _OURS
    origin = asked.headers.get("Origin")
    return origin is None or _names(origin, asked)


def _names(origin: str, asked: Request) -> bool:
    """Whether the origin is the one that was asked; "null", which a sandboxed page sends, never is.

    A server that sees http may stand behind a proxy that takes https, so the schemes are compared only where it sees https.
    """
    try:
        scheme, host = urlsplit(origin)[:2]
    except ValueError:  # brackets that are no address
        return False
    return bool(host) and host.lower() == asked.host.lower() and scheme in ({"https"} if asked.is_secure else {"http", "https"})
