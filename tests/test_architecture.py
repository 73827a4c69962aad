"""The shape of the project: who may import whom, one owner for each heavy library, nothing loaded before it is needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import corpus.errors
from corpus.errors import FollowupError

ROOT = Path(__file__).parents[1]
#: Package -> the packages of ours that it may import.
MAY_IMPORT = {
    "corpus": {"corpus"},
    "index": {"corpus", "index"},
    "assistant": {"corpus", "index", "assistant"},
    "eval": {"corpus", "index", "assistant", "eval"},
}
#: Library -> the one module or folder that imports it; two where a peer of the benchmarks is the library itself.
OWNERS: dict[str, str | tuple[str, ...]] = {
    "faiss": ("index/vectors.py", "eval/faults/process.py"),
    "tantivy": ("index/lexical.py", "index/titles.py", "eval/faults/process.py"),
    "sentence_transformers": "index/embedding/",
    "onnxruntime": "index/embedding/",
    "tokenizers": "index/embedding/",
    "torch": "index/embedding/",
    "huggingface_hub": "index/embedding/",
    "langchain": ("assistant/chains.py", "assistant/generative/"),
    "langchain_core": ("assistant/chains.py", "assistant/generative/", "eval/peers/langchain_vectors.py"),
    "pybreaker": "assistant/generative/",
    "tenacity": "assistant/generative/",
    "langchain_text_splitters": "eval/peers/langchain_vectors.py",
    "txtai": "eval/peers/txtai_hybrid.py",
    "haystack": "eval/peers/haystack_hybrid.py",
    "llama_index": "eval/peers/llamaindex_hybrid.py",
    "flask": ("assistant/web/", "eval/faults/endpoints.py"),
    "flask_openapi3": "assistant/web/",
    "prometheus_client": "assistant/web/",
    "limits": "assistant/web/shares.py",
    "sqlalchemy": "assistant/store/",
    "gunicorn": "assistant/serving.py",
    "markdown_it": ("corpus/body.py", "corpus/importing/formats/markdown.py"),
    "mdit_py_plugins": "corpus/importing/formats/markdown.py",
    "lxml": "corpus/importing/formats/",
    "pypdf": "corpus/importing/formats/",
    "docx": "corpus/importing/formats/",
    "pysbd": "corpus/sentences.py",
    "datasketch": "corpus/linting/neighbours.py",
    "textstat": "corpus/linting/fields.py",
    "scipy": "eval/significance.py",
    "symspellpy": "assistant/safety/spelling.py",
    "jellyfish": "assistant/safety/spelling.py",
    "regex": "assistant/redaction.py",
    "faker": "assistant/names.py",
    "rispy": "assistant/bibliography.py",
    "pybtex": "assistant/bibliography.py",
    "ir_measures": "eval/retrieval.py",
    "playwright": ("eval/browser/", "eval/commands/browser.py"),
    "axe_playwright_python": "eval/browser/accessibility.py",
    "PIL": "eval/browser/pictures.py",
}
MODULES = [path.relative_to(ROOT).as_posix() for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text("utf-8"), module)


def imported(module: str) -> Iterator[str]:
    """The first part of every name that a module imports, wherever in it, types included."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: imports are absolute"
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_data_flow_and_each_library_has_one_owner(module: str) -> None:
    ours = {name for name in imported(module) if name in {*MAY_IMPORT, "tests"}}
    assert ours <= MAY_IMPORT[module.partition("/")[0]]
    assert [name for name in imported(module) if name in OWNERS and not module.startswith(OWNERS[name])] == []
    assert {"pickle", "joblib", "dill", "shelve", "marshal", "cloudpickle"}.isdisjoint(imported(module))


@pytest.mark.parametrize("library", OWNERS)
def test_every_owner_owns(library: str) -> None:
    assert any(library in imported(m) for m in MODULES if m.startswith(OWNERS[library]))


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_printed_unpickled_or_swallowed(module: str) -> None:
    for node in ast.walk(tree(module)):
        match node:
            case ast.Call(func=ast.Name(id="print" | "eval" | "exec")):
                pytest.fail(f"{module}:{node.lineno}: {node.func.id}()")
            case ast.keyword(arg="allow_pickle" | "allow_dangerous_deserialization", value=ast.Constant(value=True)):
                pytest.fail(f"{module}: {node.arg}")
            case ast.ExceptHandler(type=None | ast.Name(id="Exception" | "BaseException")):
                # Allowed where the failure is logged with its traceback or goes on to the caller.
                handled = ast.unparse(node)
                assert "log.exception(" in handled or "raise" in handled.split(), f"{module}:{node.lineno}: blind except"
            case ast.Attribute(attr="echo", value=ast.Name(id="click")):
                prints = module.endswith("cli.py") or module.startswith("eval/commands/")
                assert prints, f"{module}:{node.lineno}: only the command line prints"


@pytest.mark.parametrize("name", ["corpus", "index", "assistant", "assistant.cli", "corpus.cli", "index.cli", "index.build"])
def test_importing_loads_no_heavy_library(name: str) -> None:
    code = f"import sys, {name}; print(sorted({set(OWNERS)!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    allowed = {"markdown_it"} if name == "index.build" else set()  # a build reads articles
    assert set(ast.literal_eval(done.stdout)) <= allowed
    assert done.stderr == ""


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = {line.lstrip("│├└─ ").split()[0]: line for line in (corpus.errors.__doc__ or "").splitlines() if "─" in line}
    classes = {name: value for name, value in vars(corpus.errors).items() if isinstance(value, type) and name != "Sequence"}
    assert all(issubclass(value, FollowupError) for value in classes.values())
    assert {*drawn, "FollowupError"} == set(classes)
    for name, line in drawn.items():
        if "exit " in line:
            assert f"exit {classes[name].exit_code}" in line
        parent = classes[name].__mro__[1].__name__
        assert (parent == "IndexUnavailable") == line.startswith("│   "), name


def test_the_errors_of_one_place_are_listed_with_the_tree() -> None:
    _, _, places = (corpus.errors.__doc__ or "").partition("Errors of one place")
    roots = {name for name, value in vars(corpus.errors).items() if isinstance(value, type)}
    defining = [
        module
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id in roots for base in node.bases)
    ]
    assert re.findall(r"[\w/]+\.py", places) == sorted({*defining} - {"corpus/errors.py"})
