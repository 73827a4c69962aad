"""What the staff pages do, for scripts: the same acts with a bearer token, as JSON."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from assistant.staff.benchmark import kept
from assistant.staff.overview import Filters
from assistant.web.problems import problem
from assistant.web.schemas import ProblemBody
from assistant.web.staff.current import desk
from assistant.web.staff.guarding import API
from assistant.web.staff.index import generations as listed_generations
from assistant.web.staff.index import reindex_after, roll_back, run_benchmark, start_reindexing
from assistant.web.staff.questions import delete_opinion, delete_question, opinions
from assistant.web.staff.schemas import (
    ArticlePath,
    ArticlesQuery,
    AuditQuery,
    JobPath,
    OpinionPath,
    QuestionPath,
    ReindexBody,
    RollbackBody,
    SinceQuery,
    StatusBody,
)
from assistant.web.staff.steps import retract, take
from corpus.audit import Action
from corpus.errors import CorpusError, ReviewRefused
from corpus.loading import content_sha256

routes = APIBlueprint(
    "staff_api",
    __name__,
    url_prefix=API,
    abp_tags=[Tag(name="staff")],
    abp_responses={401: ProblemBody, 403: ProblemBody, 404: ProblemBody, 409: ProblemBody, 422: ProblemBody, 503: ProblemBody},
)


@routes.errorhandler(CorpusError)
def _of_an_article(error: CorpusError) -> Response:
    """What is wrong with an article's file is the staff's to mend: 422 with each problem."""
    return problem(422, error.told)


@routes.get("/articles")
def articles(query: ArticlesQuery) -> Response:
    """The article files with what the checks find in them, a page at a time. `unread`: files that were not looked at yet."""
    chosen = query.model_dump(exclude={"page"})
    page = desk().overview.page(Filters(**chosen), query.page)
    rows = [asdict(row) for row in page.rows]
    return jsonify(articles=rows, total=page.total, page=page.number, pages=page.pages, unread=page.unread)


@routes.get("/articles/<string:article_id>/passages")
def passages(path: ArticlePath) -> Response:
    """An article as it is embedded: text, tokens, heading path, id and references of each passage."""
    preview = desk().overview.preview(path.article_id)
    found = [
        {
            "id": each.passage.id,
            "section": each.passage.section,
            "statement_id": each.passage.statement,
            "text": each.passage.text,
            "references": each.passage.marks,
            "tokens": each.tokens,
            "cut": each.cut,
        }
        for each in preview.passages
    ]
    article = preview.article
    return jsonify(article_id=article.id, status=article.status, content=content_sha256(article), passages=found)


@routes.post("/articles/<string:article_id>/status")
def status(path: ArticlePath, body: StatusBody) -> Response:
    """Does an act of the editorial workflow in the name of the token's owner.

    After `withdraw` and `retract` reindexing begins at once: until `reindexing.job` is done, answers still rest on what was
    taken away; where it could not begin (`reindexing.refused`), until the next one.
    """
    if body.action == Action.RETRACT.value:
        if body.reference is None or body.date is None:
            raise ReviewRefused("this needs a reference and the day of its retraction")
        done = retract(path.article_id, body.reference, body.date, reason=body.reason, content=body.content)
    else:
        done = take(Action(body.action), path.article_id, reason=body.reason, content=body.content)
    article, withdrawn = done.article, done.article.withdrawn
    begun = reindex_after(Action(body.action))
    return jsonify(
        article_id=article.id,
        status=article.status,
        withdrawn={"since": f"{withdrawn.since}", "reason": withdrawn.reason} if withdrawn else None,
        reviewed_by=article.reviewed_by,
        warnings=[asdict(problem) for problem in done.warnings],
        audit_sequence=done.entry.sequence,
        reindexing=asdict(begun) if begun else None,
    )


@routes.get("/comparison")
def comparison() -> Response:
    """What was found when the articles were last compared with each other; null: they were not yet."""
    across = desk().overview.across
    latest = across.latest()
    return jsonify(running=across.running(), latest=asdict(latest) if latest else None)


@routes.post("/comparison")
def compare() -> tuple[Response, int]:
    """Begins to compare the articles with each other, unless that is under way: 202."""
    desk().overview.across.start(0.0)
    return jsonify(address=f"{API}/comparison"), 202


@routes.post("/reindex")
def reindex(body: ReindexBody) -> tuple[Response, int]:
    """Begins to reindex: 202 with the job, whose address tells how far it is."""
    job_id = start_reindexing(allow_shrink=body.allow_shrink)
    return jsonify(asdict(desk().jobs.get(job_id)) | {"address": f"{API}/jobs/{job_id}"}), 202


@routes.get("/jobs")
def jobs() -> Response:
    """The reindexings that are kept, the latest first."""
    return jsonify(jobs=[asdict(job) for job in desk().jobs.recent()])


@routes.get("/jobs/<string:job_id>")
def job(path: JobPath) -> Response:
    """One reindexing, how far it is, and the end of its log."""
    return jsonify(asdict(desk().jobs.get(path.job_id)) | {"log": desk().jobs.log(path.job_id)})


@routes.get("/generations")
def generations() -> Response:
    """The generations on the disk, the newest first, with what the build of each changed."""
    return jsonify(
        generations=[
            asdict(each.info) | {"report": asdict(each.report) if each.report else None} for each in listed_generations()
        ]
    )


@routes.post("/rollback")
def rollback(body: RollbackBody) -> Response:
    """Makes an earlier generation live. `late_servers`: processes that have not switched to it after 30 s; 0 as a rule."""
    done = roll_back(body.number)
    return jsonify(live=done.manifest.number, late_servers=done.late_servers)


@routes.get("/feedback")
def feedback(query: SinceQuery) -> Response:
    """What readers thought of answers, the latest first."""
    return jsonify(feedback=opinions(query.day))


@routes.delete("/feedback/<string:opinion_id>")
def delete_one_opinion(path: OpinionPath) -> Response:
    """Deletes what one reader thought of one answer."""
    delete_opinion(path.opinion_id)
    return Response(status=204)


@routes.get("/questions")
def questions(query: SinceQuery) -> Response:
    """Unanswered questions without personal details, the most often asked first."""
    return jsonify(kept=desk().settings.keep_unanswered, questions=[asdict(each) for each in desk().unanswered.all(query.day)])


@routes.delete("/questions/<string:question_id>")
def delete(path: QuestionPath) -> Response:
    """Deletes a kept question in all its askings."""
    delete_question(path.question_id)
    return Response(status=204)


@routes.get("/audit")
def audit(query: AuditQuery) -> Response:
    """A part of the audit log, the oldest entry first, and whether the whole log is whole."""
    log = desk().audit
    entries = [entry for entry in log.entries() if entry.sequence > query.after][: query.limit]
    return jsonify(entries=[asdict(entry) for entry in entries], verified=asdict(log.last_verified()))


@routes.get("/benchmark")
def benchmark() -> Response:
    """How well the generations find the articles' own questions, as far as they were measured."""
    return jsonify(benchmarks=[asdict(each) for each in kept(desk().settings.index).values()])


@routes.post("/benchmark")
def measure() -> Response:
    """Measures the generation that this server answers from."""
    return jsonify(asdict(run_benchmark()))
