"""Words and pairs of words as columns, for systems that are no networks."""

from dataclasses import dataclass
from typing import Any, Literal, Self

from core.errors import NotEnoughQuestions
from core.model.tokenizer import TextSettings
from trainer.data.corpus import Corpus
from trainer.data.splits import Rows
from trainer.systems.base import words_size

Fields = Literal["text", "title+text"]

# Stems, and words split at hyphens, find more than plain words do: precision@1 of the logistic
# regression, cross-validated on training parts, .708 and .718 on cooking, .694 and .720 on crypto,
# .608 and .620 on robotics (where the default words of scikit-learn give .610).
TEXT = TextSettings(
    code="start",
    hyphens="split",
    underscores="split",
    endings="fold",
    inline="join",
    unspaced="pairs",
)
LEAST_USES = 2  # in questions that are learned from; what occurs once tells nothing of others


@dataclass(frozen=True, slots=True)
class TfidfFeatures:
    """TF-IDF of 1- and 2-grams of questions' texts, with a logarithm of the term's frequency.

    Attributes:
        fields: "text" reads title and body as one; "title+text" puts the title's own columns
            beside, so that a word weighs differently there.
        vectorizers: one for each part; none for one whose questions share no term.
    """

    fields: Fields
    vectorizers: tuple[Any, ...]

    @classmethod
    def fit(
        cls, corpus: Corpus, rows: Rows, fields: Fields, *, most: int | None = None
    ) -> tuple[Self, Any]:
        """Learn the columns from rows of a corpus; also return these rows' matrix.

        Args:
            corpus: the texts.
            rows: to learn from.
            fields: which parts of a question.
            most: how many columns a part has at most; its most frequent terms.
        """
        from scipy.sparse import hstack  # noqa: PLC0415

        fitted = [_fit(texts, most) for texts in _texts(corpus, rows, fields)]
        features = cls(fields, tuple(None if part is None else part[0] for part in fitted))
        blocks = [part[1] for part in fitted if part is not None]
        if not blocks:
            raise NotEnoughQuestions(f"The questions of {corpus.site} share no words.")
        return features, hstack(blocks, format="csr")

    def matrix(self, corpus: Corpus, rows: Rows) -> Any:
        """Return the sparse matrix of rows of a corpus: shape (rows, columns)."""
        from scipy.sparse import hstack  # noqa: PLC0415

        texts = _texts(corpus, rows, self.fields)
        parts = zip(self.vectorizers, texts, strict=True)
        blocks = [vectorizer.transform(part) for vectorizer, part in parts if vectorizer]
        return hstack(blocks, format="csr")

    def size(self) -> int:
        """Return the bytes of the terms and of their weights."""
        return sum(
            words_size(vectorizer.vocabulary_) + vectorizer.idf_.nbytes
            for vectorizer in self.vectorizers
            if vectorizer
        )


def _fit(texts: list[str], most: int | None) -> tuple[Any, Any] | None:
    """Return the columns of one part and its matrix; None where no term occurs LEAST_USES times."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    vectorizer = TfidfVectorizer(
        tokenizer=str.split,  # the corpus has made the words
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, 2),
        min_df=LEAST_USES,
        max_features=most,
        sublinear_tf=True,
    )
    try:
        return vectorizer, vectorizer.fit_transform(texts)
    except ValueError:  # its only way to say that no term remains
        return None


def _texts(corpus: Corpus, rows: Rows, fields: Fields) -> list[list[str]]:
    """For each part of a question its words in one string, for each row."""
    lexicon = corpus.lexicon
    titles = [" ".join(lexicon[word] for word in corpus.titles[row]) for row in rows]
    bodies = [" ".join(lexicon[word] for word in corpus.bodies[row]) for row in rows]
    whole = [f"{title} {body}" for title, body in zip(titles, bodies, strict=True)]
    return [whole] if fields == "text" else [titles, whole]
