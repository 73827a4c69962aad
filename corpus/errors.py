"""The project's errors, drawn as a tree. Every message names what went wrong, where, both values, and what to run next.

FollowupError                 exit 1   the root; nothing else is raised on purpose
├── CorpusError               exit 1   articles that do not follow the format; carries every `Problem` found
├── ArticleNotFound           404      no article has this id
├── SettingsError             exit 2   a setting is unknown or its value is bad
├── IndexUnavailable          503, 2   there is no index that can be searched; the message says which command makes one
│   ├── IndexMissing                   nothing was ever built
│   ├── IndexDamaged                   a file is missing or its SHA-256 differs from the manifest
│   └── IndexMismatch                  built with another model, dimension or format than the settings ask for
├── IndexBusy                 409, 2   another process is building or rolling back
├── BuildRefused              exit 2   a build stopped: at its gate, for lost articles, for the disk; the message says what serves
├── StillServed               503, 2   an article was withdrawn, but the index could not be built without it
├── RollbackRefused           409, 2   there is no such generation to go back to
├── ModelUnavailable          503, 2   the embedder's package or files are missing or changed
├── QuestionRefused           4xx, 2   the question cannot be taken (`status` says which); never carries the question
├── TooManyQuestions          429      one address asks more than its share; says when to ask again
├── ServerBusy                503      as many answers are being given as there is room for
├── WriterFailed                       a language model cannot be asked or cannot go on; the extractive answer is given instead
├── AnswerOutdated            503, 2   what an answer cites was withdrawn or changed while it was written; ask again
├── StoreUnavailable          503, 2   the database of conversations fails: full, locked, read-only, damaged
├── ReviewRefused             409, 2   an article may not go from its state to that one now; the message says why
├── ArticleNotWritten         503, 2   an article's file cannot be replaced: full, read-only, changed meanwhile
├── AuditUnavailable          503, 2   the audit log cannot be read or written, so nothing was done
├── ConversationNotFound      404
└── AnswerNotFound            404

Errors of one place stand there, under the same root: assistant/staff/across.py, assistant/staff/benchmark.py,
assistant/staff/jobs.py, assistant/staff/kept_rows.py, assistant/store/feedback.py, assistant/store/unanswered.py,
assistant/web/body.py, assistant/web/problems.py, assistant/web/staff/guarding.py, assistant/web/staff/throttling.py,
corpus/editing.py, corpus/importing/batch.py, corpus/importing/reading.py, corpus/importing/types.py, corpus/retractions.py,
eval/browser/chromium.py, eval/browser/states.py, eval/datasets.py, eval/faults/commands.py, eval/faults/worker.py,
eval/processes.py and index/gate.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus.types import Problem


class FollowupError(Exception):
    """Root of every error this project raises on purpose. `exit_code` is the command line's, `status` is HTTP's.

    `public` is what readers are told instead of the message, where that speaks of the server's files and commands.
    `retry_after` is the seconds after which the same may be tried again, where that may help.
    """

    exit_code = 1
    status = 500
    public: str | None = None
    retry_after: int | None = None

    @property
    def told(self) -> str:
        """What may leave the server."""
        return self.public or str(self)


class CorpusError(FollowupError):
    """One or more articles break the format. `problems` holds all of them, in file and line order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ArticleNotFound(FollowupError):
    """No article has this id."""

    status = 404


class SettingsError(FollowupError):
    """A setting is unknown or its value is bad; the message names it."""

    exit_code = 2


class IndexUnavailable(FollowupError):
    """There is no index that can be searched."""

    exit_code = 2
    status = 503
    public = "the articles cannot be searched at the moment"
    retry_after = 10


class IndexMissing(IndexUnavailable):
    """No generation was ever built."""


class IndexDamaged(IndexUnavailable):
    """A file of the generation is missing, or its SHA-256 differs from the manifest."""


class IndexMismatch(IndexUnavailable):
    """The generation was built with another model, dimension or format."""


class IndexBusy(FollowupError):
    """Another process is building or rolling back; the message says who and since when."""

    exit_code = 2
    status = 409


class BuildRefused(FollowupError):
    """A build stopped: the new generation did not pass its gate, would lose most passages, or the disk failed.

    The message says which generation serves: the old one, or the new one where the disk failed after the switch.
    """

    exit_code = 2


class StillServed(FollowupError):
    """An article was withdrawn or a source retracted, but the index could not be built; says what to mend."""

    exit_code = 2
    status = 503


class RollbackRefused(FollowupError):
    """There is no such generation to go back to, or the disk failed; the message says what to run next, or what serves."""

    exit_code = 2
    status = 409


class ModelUnavailable(FollowupError):
    """The embedder's package or files are missing or are not the pinned ones."""

    exit_code = 2
    status = 503
    public = "the articles cannot be searched at the moment"
    retry_after = 10


class QuestionRefused(FollowupError):
    """The question cannot be taken. `status` is the HTTP status. The message never repeats the question."""

    exit_code = 2

    def __init__(self, message: str, *, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class TooManyQuestions(FollowupError):
    """One address asks more than its share."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerBusy(FollowupError):
    """As many answers are being given as there is room for."""

    status = 503
    retry_after = 5


class WriterFailed(FollowupError):
    """A language model cannot be asked, or cannot go on. The message is shown to readers: no key, no question."""


class AnswerOutdated(FollowupError):
    """What an answer cites was withdrawn or changed while it was written; asked again, it is answered from what stands now."""

    exit_code = 2
    status = 503
    retry_after = 1


class StoreUnavailable(FollowupError):
    """The database of conversations cannot be read or written now."""

    exit_code = 2
    status = 503
    public = "conversations cannot be kept or read at the moment"
    retry_after = 10


class ReviewRefused(FollowupError):
    """An article may not go from its state to that one now."""

    exit_code = 2
    status = 409


class ArticleNotWritten(FollowupError):
    """An article's file could not be replaced; the message says why and what stands there now.

    It is as before, or as somebody else saved it meanwhile, or replaced without the disk's confirmation.
    """

    exit_code = 2
    status = 503


class AuditUnavailable(FollowupError):
    """The audit log cannot be read or written; what was to be recorded was not done."""

    exit_code = 2
    status = 503
    public = "what staff do cannot be recorded at the moment, so nothing was done"
    retry_after = 10


class ConversationNotFound(FollowupError):
    """No conversation has this id."""

    status = 404
    public = "there is no such conversation; it may have been deleted"


class AnswerNotFound(FollowupError):
    """No answer has this id."""

    status = 404
    public = "there is no such answer; it may have been deleted"
