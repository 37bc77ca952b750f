"""Sentences become vectors: texts that mean nearly the same lie near each other, whatever words they use.

`embedder` gives what `INNOSHARE_EMBEDDINGS` asks for: `static`, vectors of word pieces that come with the `wordllama`
package (no download, a tenth of a millisecond a question); a directory with a sentence model in ONNX form, slower and
better (needs the extra `semantic`); or `none`. Two texts are compared by the scalar product of their vectors, which
have length 1: 1 is the same direction, 0 is nothing in common.

Vectors of different models cannot be compared, so each model has a `name` that an edition remembers. `Remembered` keeps
the vectors of texts from one build to the next, by the texts' digests: only what is new is embedded.

Decision: no download at run time, ever. A model that is not on this machine is an error with a remedy.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from innoshare.errors import SettingsError

Vectors = npt.NDArray[np.float32]

STATIC, NONE = "static", "none"

# Where a text is cut. Static vectors are means, which a long text blurs: the first 2,000 characters (some 300 words)
# are its title, its summary and its beginning. Sentence models have a limit of their own, in word pieces.
MAX_CHARACTERS = 2_000
MODEL_TOKENS = 256  # What MiniLM and most small sentence models were trained for.

MODEL_FILES = ("model.onnx", "tokenizer.json")

# A model whose tokenizer knows fewer word pieces reads English only: those of English models know 30,000 to 50,000,
# those of multilingual ones 120,000 and more.
MULTILINGUAL_PIECES = 80_000

# Texts given to a sentence model at once: more costs memory (padded to the longest), fewer time.
BATCH = 32

NOTHING = 1e-5  # A vector no longer than this is a difference of equal ones, in 32-bit numbers.

_DIGEST_BYTES = 16  # Of a text, to know it again: 128 bits, no accidental collision.


class Embedder(Protocol):
    """A model that makes vectors of texts. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Which model it is; another name for whatever gives other vectors."""
        ...

    @property
    def dimensions(self) -> int: ...

    @property
    def trust(self) -> float:
        """How much nearness weighs beside words: the best by nearness, compared with the best by words.

        Found on two judged collections (nDCG@10, all): static vectors .5 to 1 are a plateau, sentence models 1 to 1.5.
        """
        ...

    @property
    def english_only(self) -> bool:
        """Whether texts in other languages must be told to it in English words."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 for each text (len(texts) × dimensions); zeros for a text without any word."""
        ...


def name_of(setting: str) -> str:
    """The name of the model that the setting asks for, without loading it. Raises SettingsError as `embedder` does
    where there is none."""
    if setting == NONE:
        return NONE
    if setting == STATIC:
        return f"{STATIC} wordllama {version('wordllama')}"
    digest = hashlib.sha256()
    name = ""
    try:
        for name in MODEL_FILES:
            (Path(setting) / name).open("rb").close()
        # Of all files: large models keep their weights in one of their own.
        for file in sorted(path for path in Path(setting).iterdir() if path.is_file()):
            name = file.name
            digest.update(name.encode(errors="replace"))
            digest.update(_digest(file, file.stat().st_size, file.stat().st_mtime_ns))
    except OSError as error:
        raise SettingsError(f"INNOSHARE_EMBEDDINGS={setting}: {name} cannot be read ({error.strerror}). Name a "
                            f"directory with a sentence model in ONNX form ({' and '.join(MODEL_FILES)}), or write "
                            f"`{STATIC}` or `{NONE}`.") from error
    return f"onnx {digest.hexdigest()[:16]}"


def embedder(setting: str) -> Embedder | None:
    """The model that the setting asks for; None for `none`. Raises SettingsError, with a remedy, where it cannot be
    had."""
    return _loaded(setting, name_of(setting))


@lru_cache
def _digest(file: Path, _size: int, _modified: int) -> bytes:
    """Of the whole file: half a second for a large model, so once in a process while it stays the same."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()


@lru_cache(maxsize=1)  # One process needs one model; tests that need two load them again.
def _loaded(setting: str, name: str) -> Embedder | None:
    if setting == NONE:
        return None
    return _Static(name) if setting == STATIC else _SentenceModel(name, Path(setting))


def unit(rows: npt.NDArray[Any]) -> Vectors:
    """Each row at length 1; what is no longer than rounding errors becomes zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    made: Vectors = np.zeros(rows.shape, dtype=np.float32)
    np.divide(rows, lengths, out=made, where=lengths > NOTHING, casting="same_kind")
    return made


class _Static:
    """The mean of the vectors of a text's word pieces (WordLlama, 256 dimensions)."""

    trust, english_only = 0.7, True

    def __init__(self, name: str) -> None:
        self.name = name
        try:
            with _logging_left_alone():
                import wordllama
            # It looks for its weights beside its own code only if told that this is where downloads go.
            self._model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
        except (ImportError, OSError) as error:
            raise SettingsError(f"INNOSHARE_EMBEDDINGS={STATIC}: the vectors of the package wordllama cannot be loaded "
                                f"({error}). Install it again, or write `{NONE}`.") from error
        self.dimensions = int(self._model.embedding.shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        # Sorted by length, because each batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)
        rows[order] = self._model.embed([_whole(texts[index][:MAX_CHARACTERS]) for index in order])
        return unit(rows)


class _SentenceModel:
    """A sentence model in ONNX form, as sentence-transformers exports it: `model.onnx` and `tokenizer.json` in one
    directory, mean pooling over the last hidden state."""

    trust = 1.0

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise SettingsError(f"INNOSHARE_EMBEDDINGS={directory} needs {error.name}; install it with "
                                "`pip install 'innoshare[semantic]'`.") from error
        try:
            self._tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(MODEL_TOKENS)
            self._session = onnxruntime.InferenceSession(str(directory / "model.onnx"),
                                                         providers=["CPUExecutionProvider"])
            self._inputs = {item.name for item in self._session.get_inputs()}
            self.english_only = self._tokenizer.get_vocab_size() < MULTILINGUAL_PIECES
            # As long a text as there can be, of the highest piece: a model that is too small for it fails here.
            longest = np.full((1, MODEL_TOKENS), self._tokenizer.get_vocab_size() - 1, dtype=np.int64)
            self.dimensions = int(self._hidden(longest, np.ones_like(longest)).shape[2])
        except Exception as error:  # The runtime raises what it likes; who set this needs one thing.
            raise SettingsError(f"INNOSHARE_EMBEDDINGS={directory}: the model cannot be used ({error}). Name another "
                                f"directory, or write `{STATIC}` or `{NONE}`.") from error

    def embed(self, texts: Sequence[str]) -> Vectors:
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch([*map(_whole, texts)])]
        order = sorted(range(len(texts)), key=lambda index: len(tokens[index]))
        rows: list[Any] = [None] * len(texts)
        for at in range(0, len(order), BATCH):
            batch = order[at:at + BATCH]
            width = max(1, *(len(tokens[index]) for index in batch))
            ids = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, index in enumerate(batch):
                ids[row, :len(tokens[index])] = tokens[index]
                mask[row, :len(tokens[index])] = 1
            summed = (self._hidden(ids, mask) * mask[:, :, None]).sum(axis=1)
            for row, vector in zip(batch, summed, strict=True):
                rows[row] = vector
        return unit(np.array(rows)) if rows else np.zeros((0, self.dimensions), dtype=np.float32)

    def _hidden(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """The last hidden state: texts × pieces × dimensions. Raises ValueError where the model gives no such."""
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = np.asarray(self._session.run(None, {name: given[name] for name in self._inputs})[0])
        if hidden.ndim != 3 or hidden.shape[:2] != ids.shape:
            raise ValueError(f"it gives an array of shape {hidden.shape} and not a vector for each piece of each text")
        return hidden


def _whole(text: str) -> str:
    """`text` without halves of surrogate pairs, which no tokenizer takes."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


class Remembered:
    """An embedder that keeps the vectors of what it embedded in one file of a directory, for the next build.

    `save` writes what was asked for since it was opened, and forgets the rest. A file that cannot be read is as good as
    none. For one thread at a time.
    """

    def __init__(self, model: Embedder, directory: Path, recipe: str = "") -> None:
        """`recipe` is another one whenever the same model would be told other texts."""
        self._model, self.name, self.dimensions = model, model.name, model.dimensions
        self.trust, self.english_only = model.trust, model.english_only
        self._path = directory / f"vectors-{hashlib.sha256(f'{model.name} {recipe}'.encode()).hexdigest()[:16]}.npz"
        self._known: dict[bytes, Any] = {}
        self._used: dict[bytes, Any] = {}
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                digests, rows = kept["digests"], kept["rows"]
            if (rows.dtype == np.float32 and rows.shape == (len(digests), self.dimensions) and np.isfinite(rows).all()
                    and digests.dtype == np.uint8 and digests.shape[1:] == (_DIGEST_BYTES,)):
                self._known = dict(zip(map(bytes, digests), rows, strict=True))
        except Exception:  # Missing, cut short, of another form: the texts are embedded again.
            pass

    def embed(self, texts: Sequence[str]) -> Vectors:
        digests = [hashlib.blake2b(text.encode(errors="replace"), digest_size=_DIGEST_BYTES).digest() for text in texts]
        new = {digest: text for digest, text in zip(digests, texts, strict=True)
               if digest not in self._used and digest not in self._known}
        made = dict(zip(new, self._model.embed(list(new.values())), strict=True)) if new else {}
        for digest in digests:
            if digest not in self._used:
                self._used[digest] = made.get(digest, self._known.get(digest))
        rows = [self._used[digest] for digest in digests]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimensions)

    def save(self) -> None:
        """Also deletes the files of other models and recipes. Raises OSError where the disk refuses."""
        for other in self._path.parent.glob("vectors-*"):
            if other != self._path:
                other.unlink(missing_ok=True)
        if self._used.keys() == self._known.keys():
            return
        part = self._path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, digests=np.array([np.frombuffer(key, dtype=np.uint8) for key in self._used]).reshape(
                len(self._used), _DIGEST_BYTES), rows=np.array(list(self._used.values()), dtype=np.float32))
        part.replace(self._path)


_IMPORTING = Lock()


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """wordllama sets up logging for the whole process when it is imported, unless somebody has done so."""
    with _IMPORTING:
        root, keep_out = logging.getLogger(), logging.NullHandler()
        root.addHandler(keep_out)
        try:
            yield
        finally:
            root.removeHandler(keep_out)
