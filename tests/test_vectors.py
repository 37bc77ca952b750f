"""Texts become vectors: by the static vectors that come with the package, and by a real sentence model in ONNX form, as
small as one can be."""

import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from innoshare.errors import SettingsError
from innoshare.vectors import BATCH, MODEL_TOKENS, MULTILINGUAL_PIECES, Embedder, Remembered, Vectors, embedder, name_of

FLOOD, FLOOD_AGAIN = "Cellars flood after every cloudburst", "Basements are under water when it rains hard"
RENT, RENT_AGAIN = "Tenants are evicted over unpaid rent", "Families lose their home because of rent arrears"
READING, READING_AGAIN = "Children cannot read when they leave school", "Pupils finish school without reading skills"
TEXTS = [FLOOD, FLOOD_AGAIN, RENT, RENT_AGAIN, READING, READING_AGAIN]


@pytest.fixture(scope="module")
def static() -> Embedder:
    made = embedder("static")
    assert made
    return made


def lengths(rows: Vectors) -> list[float]:
    return [round(float(length), 5) for length in np.linalg.norm(rows, axis=1)]


# --- static vectors -----------------------------------------------------------------------------------------------


def test_each_text_has_one_row_of_length_1(static: Embedder) -> None:
    rows = static.embed(TEXTS)
    assert rows.shape == (len(TEXTS), static.dimensions)
    assert rows.dtype == np.float32
    assert lengths(rows) == [1.0] * len(TEXTS)
    assert static.embed([]).shape == (0, static.dimensions)


def test_a_text_that_is_empty_has_zeros(static: Embedder) -> None:
    assert lengths(static.embed(["", RENT, ""])) == [0.0, 1.0, 0.0]


def test_a_text_has_the_same_vector_in_any_batch(static: Embedder) -> None:
    alone = np.vstack([static.embed([text]) for text in TEXTS])
    among = static.embed(["rain " * 900, *TEXTS, ""])[1:-1]
    np.testing.assert_allclose(among, alone, atol=1e-6)


def test_paraphrases_are_nearer_than_strangers(static: Embedder) -> None:
    near = static.embed(TEXTS) @ static.embed(TEXTS).T
    np.fill_diagonal(near, -1)
    for one, other in ((0, 1), (2, 3), (4, 5)):
        assert near[one].argmax() == other


def test_loading_it_leaves_the_root_logger_alone() -> None:
    asked = ("import logging; from innoshare.vectors import embedder; embedder('static').embed(['x']); "
             "root = logging.getLogger(); print(root.handlers, root.level)")
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout == "[] 30\n"
    assert not said.stderr


# --- which model --------------------------------------------------------------------------------------------------


def test_none_is_no_model() -> None:
    assert embedder("none") is None
    assert name_of("none") == "none"


def test_a_directory_that_is_not_there_is_told_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"model\.onnx cannot be read.*Name a directory with .*`static` or `none`"):
        embedder(str(tmp_path / "nowhere"))


def test_a_directory_without_a_tokenizer_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(SettingsError, match=r"tokenizer\.json cannot be read.*Name a directory .*`static` or `none`"):
        embedder(str(tmp_path))


# --- a sentence model ---------------------------------------------------------------------------------------------

WORDS = ["rain", "floods", "cellars", "rent", "evicts", "tenants"]
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
DIMENSIONS = 5
Made = Callable[..., Path]


def matrix(words: Sequence[str]) -> Vectors:
    """The vectors of [UNK] and of all words; that of [UNK], which also stands where a batch is padded, is not zero."""
    return np.random.default_rng(7).normal(size=(len(words) + 1, DIMENSIONS)).astype(np.float32)


@pytest.fixture
def sentence_model(tmp_path: Path) -> Made:
    """Makes the directory of a model: each piece's vector, and the same for all is added by its type."""
    def made(words: Sequence[str] = WORDS, inputs: Sequence[str] = INPUTS, pooled: bool = False) -> Path:
        pieces = Tokenizer(WordLevel({"[UNK]": 0, **{word: place for place, word in enumerate(words, 1)}}, "[UNK]"))
        pieces.pre_tokenizer = Whitespace()
        pieces.save(str(tmp_path / "tokenizer.json"))
        helper, number = onnx.helper, onnx.TensorProto
        nodes = [helper.make_node("Gather", ["pieces", "input_ids"], ["of_pieces"])]
        if "token_type_ids" in inputs:
            nodes += [helper.make_node("Gather", ["types", "token_type_ids"], ["of_types"]),
                      helper.make_node("Add", ["of_pieces", "of_types"], ["hidden"])]
        else:
            nodes += [helper.make_node("Identity", ["of_pieces"], ["hidden"])]
        if pooled:
            nodes += [helper.make_node("ReduceMax", ["hidden"], ["most"], axes=[1], keepdims=0)]
        graph = helper.make_graph(
            nodes, "tiny", [helper.make_tensor_value_info(name, number.INT64, ["texts", "pieces"]) for name in inputs],
            [helper.make_tensor_value_info("most", number.FLOAT, ["texts", DIMENSIONS]) if pooled else
             helper.make_tensor_value_info("hidden", number.FLOAT, ["texts", "pieces", DIMENSIONS])],
            [onnx.numpy_helper.from_array(matrix(words), "pieces"),
             onnx.numpy_helper.from_array(np.array([[1] * DIMENSIONS], dtype=np.float32), "types")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, str(tmp_path / "model.onnx"))
        return tmp_path
    return made


def mean(pieces: Sequence[int], added: float = 1.0) -> Any:
    row = (matrix(WORDS)[list(pieces)] + added).mean(axis=0)
    return row / np.linalg.norm(row)


def loaded(directory: Path) -> Embedder:
    made = embedder(str(directory))
    assert made
    return made


def test_a_sentence_is_the_mean_of_its_pieces(sentence_model: Made) -> None:
    model = loaded(sentence_model())
    assert model.dimensions == DIMENSIONS
    rows = model.embed(["rain floods cellars", "rent", "rain drowns", ""])
    np.testing.assert_allclose(rows[:3], [mean([1, 2, 3]), mean([4]), mean([1, 0])], atol=1e-6)
    assert lengths(rows) == [1.0, 1.0, 1.0, 0.0]
    assert model.embed([]).shape == (0, DIMENSIONS)


def test_batches_of_different_lengths_give_the_rows_of_single_texts(sentence_model: Made) -> None:
    model = loaded(sentence_model())
    texts = [" ".join(WORDS[:number % 7] * (1 + number % 3)) for number in range(2 * BATCH + 5)]
    np.testing.assert_allclose(model.embed(texts), np.vstack([model.embed([text]) for text in texts]), atol=1e-6)


def test_a_long_text_is_cut(sentence_model: Made) -> None:
    rows = loaded(sentence_model()).embed(["rain " * MODEL_TOKENS + "rent " * 100])
    np.testing.assert_allclose(rows, [mean([1])], atol=1e-6)


def test_a_model_may_take_two_inputs_only(sentence_model: Made) -> None:
    rows = loaded(sentence_model(inputs=INPUTS[:2])).embed(["rain floods"])
    np.testing.assert_allclose(rows, [mean([1, 2], added=0)], atol=1e-6)


@pytest.mark.parametrize(("pieces", "english_only"), [(MULTILINGUAL_PIECES - 1, True), (MULTILINGUAL_PIECES, False)])
def test_a_model_of_many_pieces_reads_more_than_english(sentence_model: Made, pieces: int, english_only: bool) -> None:
    words = [f"w{number}" for number in range(pieces - 1)]  # and [UNK]
    assert loaded(sentence_model(words)).english_only is english_only


def test_another_model_has_another_name(sentence_model: Made) -> None:
    first = loaded(sentence_model())
    assert first.name == name_of(str(sentence_model()))
    second = loaded(sentence_model(WORDS[:3]))
    assert first.name != second.name
    assert second.embed(["rent"]).tolist() == second.embed(["unheard"]).tolist()  # the new one is not the old one


def test_half_a_surrogate_pair_is_no_accident(static: Embedder, sentence_model: Made) -> None:
    for model in (static, loaded(sentence_model())):
        assert lengths(model.embed(["floods \ud800"])) == [1.0]  # a shell gives them for bytes that are no UTF-8


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json"])
def test_a_broken_model_is_told_with_a_remedy(sentence_model: Made, broken: str) -> None:
    directory = sentence_model()
    (directory / broken).write_bytes((directory / broken).read_bytes()[:60])
    with pytest.raises(SettingsError, match=r"cannot be used.*`static` or `none`"):
        embedder(str(directory))


def test_a_model_that_gives_no_vector_of_each_piece_is_refused(sentence_model: Made) -> None:
    with pytest.raises(SettingsError):
        embedder(str(sentence_model(pooled=True)))


# --- what is remembered -------------------------------------------------------------------------------------------


class Counting:
    """The static vectors under a name of its own, with a list of the texts that were embedded."""

    def __init__(self, model: Embedder, name: str = "counting") -> None:
        self._model, self.name, self.asked = model, name, list[str]()
        self.dimensions, self.trust, self.english_only = model.dimensions, model.trust, model.english_only

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return self._model.embed(texts)


def build(model: Embedder, directory: Path, texts: Sequence[str]) -> Vectors:
    remembered = Remembered(model, directory)
    rows = remembered.embed(texts)
    remembered.save()
    return rows


def test_only_what_is_new_is_embedded(static: Embedder, tmp_path: Path) -> None:
    model = Counting(static)
    build(model, tmp_path, [RENT, FLOOD, RENT])
    assert sorted(model.asked) == sorted([RENT, FLOOD])
    rows = build(model, tmp_path, [READING, FLOOD, RENT])
    assert model.asked[2:] == [READING]
    np.testing.assert_array_equal(rows, static.embed([READING, FLOOD, RENT]))
    assert Remembered(model, tmp_path).embed([]).shape == (0, static.dimensions)


def test_what_is_not_asked_again_is_forgotten(static: Embedder, tmp_path: Path) -> None:
    model = Counting(static)
    for texts in ([RENT, FLOOD], [RENT], [FLOOD]):
        build(model, tmp_path, texts)
    assert model.asked == [RENT, FLOOD, FLOOD]


def test_another_model_does_not_take_over_vectors_and_leaves_no_old_file(static: Embedder, tmp_path: Path) -> None:
    first, second = Counting(static, "first"), Counting(static, "second")
    for model in (first, first, second, second):
        build(model, tmp_path, [RENT])
    assert first.asked == second.asked == [RENT]
    assert len(list(tmp_path.iterdir())) == 1


def foreign(**arrays: Any) -> Callable[[Path], None]:
    return lambda path: np.savez(path, **arrays)


@pytest.mark.parametrize("damage", [
    lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"no arrays"),
    lambda path: path.write_bytes(path.read_bytes()[:-40]), lambda path: path.write_bytes(path.read_bytes()[:200]),
    lambda path: path.write_bytes(pickle.dumps([1])), foreign(other=np.zeros(3)),
    foreign(digests=np.zeros((2, 16), dtype=np.uint8), rows=np.zeros((2, 3), dtype=np.float32)),
    foreign(digests=np.array(5), rows=np.zeros((5, 256))), foreign(digests=np.array(["a"]), rows=np.zeros((1, 256))),
], ids=["empty", "text", "cut", "beginning", "pickle", "other arrays", "other dimensions", "number", "words"])
def test_a_file_that_cannot_be_read_is_as_good_as_none(static: Embedder, tmp_path: Path,
                                                       damage: Callable[[Path], None]) -> None:
    model = Counting(static)
    expected = build(model, tmp_path, [RENT, FLOOD])
    [path] = tmp_path.iterdir()
    damage(path)
    assert path.exists()
    np.testing.assert_array_equal(build(model, tmp_path, [RENT, FLOOD]), expected)
    assert model.asked == [RENT, FLOOD] * 2
    assert list(tmp_path.iterdir()) == [path]
    build(model, tmp_path, [RENT, FLOOD])
    assert len(model.asked) == 4  # what was written over it is good again
