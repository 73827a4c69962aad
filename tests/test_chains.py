"""The index as a LangChain retriever, plugged into a chain."""

from __future__ import annotations

import os

from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough

from assistant.chains import PassageRetriever
from index.search import Index


def test_the_retriever_gives_documents_with_exact_spans(real_index: Index) -> None:
    documents = PassageRetriever(index=real_index, k=3).invoke("colchicine dose on dialysis")
    assert [document.metadata["rank"] for document in documents] == [1, 2, 3]
    first = documents[0]
    article = real_index.store.article(first.metadata["article_id"])
    assert article.text[first.metadata["start"] : first.metadata["end"]] == first.page_content
    assert first.metadata["passage_id"] == "gout-flares-urate-lowering#F14"


def test_it_keeps_to_one_article_when_told(real_index: Index) -> None:
    documents = PassageRetriever(index=real_index, k=5, article_id="status-epilepticus").invoke("which dose?")
    assert {document.metadata["article_id"] for document in documents} == {"status-epilepticus"}


def test_it_plugs_into_a_chain(real_index: Index) -> None:
    def as_context(documents: list[Document]) -> str:
        return "\n".join(document.page_content for document in documents)

    seen: list[str] = []
    model = FakeListChatModel(responses=["1.2 mg, then 0.6 mg one hour later"])
    chain = (
        {"context": PassageRetriever(index=real_index, k=2) | as_context, "question": RunnablePassthrough()}
        | ChatPromptTemplate.from_template("Answer from:\n{context}\n\nQuestion: {question}")
        | (lambda prompt: seen.append(prompt.to_string()) or prompt)
        | model
        | StrOutputParser()
    )
    assert chain.invoke("What colchicine dose for a flare?") == "1.2 mg, then 0.6 mg one hour later"
    assert "1.2 mg by mouth at the first sign" in seen[0]


def test_tracing_is_off_whatever_the_environment_says() -> None:
    assert os.environ["LANGSMITH_TRACING"] == "false"
    assert os.environ["LANGCHAIN_TRACING_V2"] == "false"
