"""From a corpus to a dataset: which tags are learned, which questions teach, choose and judge."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.errors import NotEnoughQuestions, TooFewQuestions
from core.questions.time_order import Seen
from core.settings import DEFAULTS
from core.wording import counted
from trainer.data.corpus import Corpus
from trainer.data.labels import choose_labels, multi_hot
from trainer.data.splits import RANDOM_STATE, VALIDATION_SHARE, Rows, Split, SplitName, split

HOLDOUT_SHARE: Final = 0.1  # of a site's questions, the newest; no run trains on them
FEWEST_LABELLED: Final = 5  # questions that can be parted into training and validation part


@dataclass(frozen=True, slots=True)
class Dataset:
    """The questions of a site, what is to be learned of them, and from which.

    Attributes:
        corpus: all questions, also those that have none of the labels.
        labels: the tags to learn, in alphabetical order.
        targets: shape (questions of the corpus, labels), 1 where a question has the label.
        split: rows of the corpus that have a label. A system learns from `train`, chooses by
            `validation` and never looks at `test`.
    """

    corpus: Corpus
    labels: tuple[str, ...]
    targets: npt.NDArray[np.uint8]
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOptions:
    """What can be chosen for a dataset.

    Attributes:
        top_tags: how many of the site's tags are learned; None leaves it to choose_labels().
        min_questions: a site with fewer questions is refused: of those that have one of them or,
            where the newest are held out, any tag.
        split: which questions judge.
        random_state: of the random split.
    """

    top_tags: int | None = DEFAULTS.top_tags
    min_questions: int = DEFAULTS.min_questions
    split: SplitName = "random"
    random_state: int = RANDOM_STATE


@dataclass(frozen=True, slots=True)
class Holdout:
    """The newest questions, apart from those that are learned from.

    Attributes:
        corpus: theirs.
        rows: of it, those that have a tag, known to a model or not.
    """

    corpus: Corpus
    rows: Rows

    def unseen_by(self, seen: Seen) -> "Holdout":
        """Return those that are not among what was seen."""
        unseen = [not self.corpus.is_among(seen, row) for row in self.rows]
        return Holdout(self.corpus, self.rows[np.array(unseen, bool)])


def make_dataset(corpus: Corpus, options: DatasetOptions) -> Dataset:
    """Choose labels and split the questions that have one of them.

        dataset = make_dataset(corpus, DatasetOptions(top_tags=50, split="time"))
        dataset.corpus.question_ids[dataset.split.test]

    Raises:
        NotEnoughQuestions: there are too few, or fewer than two tags.
    """
    labels = choose_labels(corpus.tags, options.top_tags)
    targets = multi_hot(corpus.tags, labels)
    rows = np.flatnonzero(targets.any(axis=1))
    check_number(corpus.site, sum(map(bool, corpus.tags)), options.min_questions)
    _check_labels(corpus.site, labels)
    _check_labelled(corpus.site, rows, labels, options.min_questions)
    _check_words(corpus, rows, options.min_questions)
    if options.split == "random":  # the article's, which is drawn of numbers in their order
        rows = rows[np.argsort(corpus.question_ids[rows], kind="stable")]
    chosen = split(rows, options.split, random_state=options.random_state)
    return Dataset(corpus, labels, targets, chosen)


def hold_out_newest(corpus: Corpus, options: DatasetOptions) -> tuple[Dataset, Holdout]:
    """Set the newest tenth of the tagged questions aside and make a dataset of what is older.

    The dataset has no test part. The tags to learn are chosen from the older questions too, the
    newest tenth of which is the validation part.

        dataset, holdout = hold_out_newest(corpus, DatasetOptions())
        tagger.probabilities(holdout.corpus, holdout.rows)

    Raises:
        NotEnoughQuestions: there are too few, also of those that have a tag to learn, or fewer than
            two tags.
    """
    tagged = np.array([row for row, tags in enumerate(corpus.tags) if tags], np.int64)
    check_number(corpus.site, len(tagged), options.min_questions)
    _check_words(corpus, tagged, options.min_questions)
    first = int(tagged[round(len(tagged) * (1 - HOLDOUT_SHARE))])
    older, newest = corpus.cut(first)
    labels = choose_labels(older.tags, options.top_tags)
    targets = multi_hot(older.tags, labels)
    rows = np.flatnonzero(targets.any(axis=1))
    _check_labels(corpus.site, labels)
    _check_labelled(corpus.site, rows, labels, FEWEST_LABELLED)
    newer = round(len(rows) * (1 - VALIDATION_SHARE))
    parts = Split(rows[:newer], rows[newer:], rows[:0])
    return Dataset(older, labels, targets, parts), Holdout(newest, tagged[tagged >= first] - first)


def check_number(site: str, questions: int, needed: int) -> None:
    """Refuse a site that has too few questions with tags.

    Raises:
        TooFewQuestions: it has; says how many are missing.
    """
    if questions < needed:
        raise TooFewQuestions(
            f"The site {site} has {counted(questions, 'tagged question')} here, and training needs "
            f"{needed:,} (TAGGER_MIN_QUESTIONS): {needed - questions:,} are missing. Fetch "
            f"them with: tagger history --site {site}, or import them: tagger import --help"
        )


def _check_words(corpus: Corpus, rows: Rows, needed: int) -> None:
    """Refuse a site whose texts hold no words, as where they are signs or pictures alone."""
    both = np.concatenate([corpus.titles.ids, corpus.bodies.ids])
    uses = np.bincount(both, minlength=len(corpus.lexicon))
    readable = sum(
        bool((uses[corpus.titles[row]] > 1).any() or (uses[corpus.bodies[row]] > 1).any())
        for row in rows
    )
    if readable < needed:
        raise NotEnoughQuestions(
            f"Of {len(rows):,} tagged questions of the site {corpus.site} only {readable:,} have "
            f"a word in their text that stands there twice, and training needs {needed:,} "
            "(TAGGER_MIN_QUESTIONS): there is nothing to learn their tags from."
        )


def _check_labels(site: str, labels: tuple[str, ...]) -> None:
    if len(labels) < 2:
        raise NotEnoughQuestions(
            f"The questions of the site {site} have one tag only ({labels[0]}), and "
            "training needs two."
        )


def _check_labelled(site: str, rows: Rows, labels: tuple[str, ...], needed: int) -> None:
    """Refuse a site of whose questions hardly any has a label, as where all have other tags."""
    if len(rows) < needed:
        raise NotEnoughQuestions(
            f"Of the site {site}, {counted(len(rows), 'question')} to learn from have one of the "
            f"{len(labels)} tags that are learned, and {needed:,} are needed: let it learn more "
            "tags (--top-tags, TAGGER_TOP_TAGS)."
        )
