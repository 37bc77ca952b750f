"""Realistic cases in any number, always the same: for benchmarks, and for tests that need more than a handful.

The words are made of English syllables (real ones would bring a corpus and its licence), but spread as in real text:
four in ten are words of grammar, the rest follow Zipf's law with some 30,000 forms, and each case is about something:
half of its words come from the few hundred of its subject. So searches of two words find tens to thousands of cases.
"""

import random
from collections.abc import Iterator

import numpy as np

from innoshare.search import TEXT_FIELDS, Document

listed = str.split

GRAMMAR = listed("the of and to in a is that for it as was with be by on not he his but at are this have from or had "
                 "an they which one you were all her she there would their we him been has when who will no more if")
SUBJECTS = 120
VOCABULARY = 30_000
WORDS_OF_A_SUBJECT = 300
SENTENCE = 18  # words, as in plain official prose
LENGTHS = {"title": 8, "challenge": 30, "summary": 30, "topics": 10, "place": 4, "body": 330}
COUNTRIES = listed("AT BE BR CA CH CO DE DK EE ES FI FR GB GR IE IN IT JP KE KR LT LV MX NL NO PL PT RO SE SG SI US ZA")
ONSETS = listed("b bl br c ch cl d dr f fl fr g gr h j k l m n p pl pr qu r s sc sh sl sp st str t th tr v w")
VOWELS = listed("a a e e e i i o o u ai ea ee ie oa oo ou")
ENDS = ["", "", "", "", *listed("l m n n r r s t ck nd ng nt st")]
SUFFIXES = ["", "", "", "", "", *listed("s s ed ing er tion ment al ity ly")]


def vocabulary(seed: int, size: int = VOCABULARY) -> list[str]:
    """`size` different words that could be English, the most frequent first and shortest."""
    chance, words = random.Random(seed), dict[str, None]()
    while len(words) < size:
        syllables = chance.randint(1, 2 + (len(words) > 200))
        stem = "".join(chance.choice(part) for _ in range(syllables) for part in (ONSETS, VOWELS, ENDS))
        words[stem + chance.choice(SUFFIXES)] = None
    return list(words)


def zipf(size: int) -> np.ndarray:
    weights = 1 / (np.arange(size) + 2.7)
    return weights / weights.sum()


def documents(count: int, seed: int = 1) -> Iterator[Document]:
    """`count` cases of about 400 words."""
    rng = np.random.default_rng(seed)
    words = np.array(vocabulary(seed), dtype=object)
    subjects = [rng.choice(len(words), WORDS_OF_A_SUBJECT, replace=False) for _ in range(SUBJECTS)]
    general, special = zipf(len(words)), zipf(WORDS_OF_A_SUBJECT)
    total = sum(LENGTHS.values())
    for number in range(count):
        subject = int(rng.integers(SUBJECTS))
        chosen = np.where(rng.random(total) < 0.5, words[rng.choice(len(words), total, p=general)],
                          words[subjects[subject][rng.choice(WORDS_OF_A_SUBJECT, total, p=special)]])
        grammar = np.array(GRAMMAR, dtype=object)[rng.integers(len(GRAMMAR), size=total)]
        chosen = np.where(rng.random(total) < 0.4, grammar, chosen)
        texts, begin = {}, 0
        for name in TEXT_FIELDS:
            part = [str(word) for word in chosen[begin:begin + LENGTHS[name]]]
            begin += LENGTHS[name]
            sentences = [" ".join(part[i:i + SENTENCE]).capitalize() for i in range(0, len(part), SENTENCE)]
            texts[name] = ". ".join(sentences)
        year = int(rng.integers(2008, 2026))
        level = int(rng.integers(6))
        yield Document(
            slug=f"case-{number:06d}",
            original=f"case-{number:06d}",
            language="en",
            texts=texts,
            passages=tuple((name, sentence) for name in ("summary", "challenge", "body")
                           for sentence in texts[name].split(". ")),
            facets={
                "theme": (f"theme-{subject % 19}", f"theme-{int(rng.integers(19))}"),
                "challenge_type": (f"type-{subject % 14}",),
                "approach": (f"approach-{int(rng.integers(12))}",),
                "outcome": (("positive", "mixed", "none", "negative", "too-early")[int(rng.integers(5))],),
                "evidence": (str(level),),
                "city_size": (f"size-{int(rng.integers(6))}",),
                "country": (COUNTRIES[int(rng.integers(len(COUNTRIES)))],),
                "language": ("en",),
                "tag": tuple(f"tag-{int(tag)}" for tag in rng.zipf(1.5, 3) % 400),
            },
            year=year,
            evidence_level=level,
            adoptions=int(rng.poisson(1)),
            updated=(updated := f"{min(year + int(rng.integers(3)), 2026)}-{int(rng.integers(1, 13)):02d}-01"),
            checked=updated,
        )


def questions(documents: list[Document], count: int, length: int, seed: int = 2) -> list[str]:
    """`count` questions of `length` words: words of grammar and of one case, in any order, as somebody would ask who
    has the same problem. Up to three words: only words that mean something."""
    rng = np.random.default_rng(seed)
    asked = []
    for _ in range(count):
        document = documents[int(rng.integers(len(documents)))]
        words = document.texts["body"].replace(".", "").lower().split()
        if length <= 3:
            words = [word for word in words if word not in GRAMMAR]
        asked.append(" ".join(str(word) for word in rng.choice(words, length)))
    return asked
