"""A tiny test collection, and its files in the BEIR layout."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DOCUMENTS = {
    "d1": ("Colchicine", "Colchicine treats a gout flare.\nThe dose is lower in kidney disease."),
    "d2": ("Allopurinol", "Allopurinol lowers urate. It starts at a low dose."),
    "d3": ("Prednisone", "Prednisone is an alternative in a gout flare."),
    "d4": ("", "Formoterol relieves asthma.\nIt is taken with budesonide."),
    "d5": ("Salbutamol", "Salbutamol relieves asthma at once."),
    "d6": ("Insomnia", "Behavioural therapy is offered first in insomnia."),
    "d7": ("Caffeine", "Caffeine after noon delays sleep."),
    "d8": ("Statins", "Statins lower cholesterol and prevent strokes."),
    "d9": ("Aspirin", "Aspirin prevents a second stroke; it causes bleeding."),
    "d10": ("Metformin", "Metformin is the first drug in diabetes."),
    "d11": ("Insulin", "Insulin lowers glucose in diabetes."),
    "d12": ("Warfarin", "Warfarin needs INR tests; bleeding is its harm."),
}
QUERIES = {
    "q1": "gout flare",
    "q2": "what relieves asthma?",
    "q3": "sleep and insomnia",
    "q4": "which drug is first in diabetes?",
    "q5": "bleeding",
}
QRELS = {
    "q1": {"d1": 2, "d3": 1},
    "q2": {"d4": 1, "d5": 2},
    "q3": {"d6": 1, "d8": 0},
    "q4": {"d10": 1},
    "q5": {"d9": 1, "d12": 1},
}


def lines(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def corpus_text(documents: Mapping[str, tuple[str, str]] = DOCUMENTS) -> str:
    return lines([{"_id": key, "title": title, "text": text} for key, (title, text) in documents.items()])


def queries_text(queries: Mapping[str, str] = QUERIES) -> str:
    return lines([{"_id": key, "text": text} for key, text in queries.items()])


def qrels_text(qrels: Mapping[str, Mapping[str, int]] = QRELS) -> str:
    rows = [f"{query}\t{document}\t{grade}\n" for query, grades in qrels.items() for document, grade in grades.items()]
    return "".join(["query-id\tcorpus-id\tscore\n", *rows])


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return folder


def beir(folder: Path, **changed: str) -> Path:
    """The tiny collection; `corpus`, `queries` and `qrels` may be given as other text."""
    files = {"corpus": corpus_text(), "queries": queries_text(), "qrels": qrels_text()} | changed
    return write(folder, {"corpus.jsonl": files["corpus"], "queries.jsonl": files["queries"], "qrels/test.tsv": files["qrels"]})
