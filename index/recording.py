"""Entries in the audit log of what changes the index that readers are answered from: before it goes live, or it does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from corpus.audit import Action, AuditLog
from index.generations import serving_number

if TYPE_CHECKING:
    from index.report import BuildReport
    from index.settings import IndexSettings
    from index.types import Manifest


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


def _recorded(
    settings: IndexSettings, by: str, action: Action, number: int, details: dict[str, Any]
) -> AbstractContextManager[None]:
    """An entry, and a second one where the generation did not go live after all."""
    return AuditLog(settings.audit).recorded(
        by, action, f"generation {number}", took_place=lambda: serving_number(settings.index) == number, **details
    )
