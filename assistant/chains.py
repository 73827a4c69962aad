"""LangChain: our retrieval as a `BaseRetriever`, so that anyone can plug it into a chain.

The only module that imports langchain. Tracing to LangSmith is switched off here, because questions are health
information and must not leave the machine.
"""

from __future__ import annotations

import os
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from index.search import Index

for _name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
    os.environ[_name] = "false"


class PassageRetriever(BaseRetriever):
    """The `k` best passages of an open index as Documents; `article_id` keeps to one article."""

    index: Any  # an Index; pydantic cannot build a schema for it
    k: int = 5
    article_id: str | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        index: Index = self.index
        return [
            Document(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "passage_id": hit.passage.id,
                    "article_id": hit.passage.article_id,
                    "article_title": hit.passage.article_title,
                    "section": list(hit.passage.section),
                    "statement_id": hit.passage.statement,
                    "start": hit.passage.start,
                    "end": hit.passage.end,
                    "sha256": hit.passage.sha256,
                    "score": hit.score,
                    "rank": hit.rank,
                },
            )
            for hit in index.search(index.encode(query), k=self.k, article_id=self.article_id)
        ]
