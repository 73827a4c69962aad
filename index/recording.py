"""Entries in the audit log of what changes the index that readers are answered from: before it goes live, or it does not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from corpus.audit import Action, AuditLog
from corpus.errors import AuditUnavailable
from index.generations import live_number

if TYPE_CHECKING:
    from index.report import BuildReport
    from index.settings import IndexSettings
    from index.types import Manifest

log = logging.getLogger(__name__)


def record_builds(settings: IndexSettings, **details: Any) -> Callable[[BuildReport], AbstractContextManager[None]]:
    """What `build_index` switches in. Raises `AuditUnavailable` at once, not after the hours that a build can take."""
    AuditLog(settings.audit).check()

    def record(report: BuildReport) -> AbstractContextManager[None]:
        told = {"articles": report.articles, "passages": report.passages, **details}
        return _recorded(settings, report.by, Action.REINDEX, report.number, told)

    return record


def record_rollbacks(settings: IndexSettings, by: str) -> Callable[[Manifest], AbstractContextManager[None]]:
    """What `rollback` switches in, which raises `AuditUnavailable`."""

    def record(manifest: Manifest) -> AbstractContextManager[None]:
        return _recorded(settings, by, Action.ROLLBACK, manifest.number, {"built": manifest.built_at})

    return record


@contextmanager
def _recorded(settings: IndexSettings, by: str, action: Action, number: int, details: dict[str, Any]) -> Iterator[None]:
    """An entry, and a second one where the generation did not go live after all."""
    audit, subject = AuditLog(settings.audit), f"generation {number}"
    entry = audit.append(by, action, subject, **details)
    try:
        yield
    except BaseException as error:
        if live_number(settings.index) != number:  # else the switch was made, and what failed came after it
            _undone(audit, by, subject, entry.sequence, error)
        raise


def _undone(audit: AuditLog, by: str, subject: str, sequence: int, error: BaseException) -> None:
    try:
        audit.append(by, Action.UNDONE, subject, entry=sequence, error=type(error).__name__)
    except AuditUnavailable as unavailable:  # what stopped the switch, a full disk, may stop this; that is what is raised
        log.error("entry %d of the audit log was not carried out: %s", sequence, unavailable)
