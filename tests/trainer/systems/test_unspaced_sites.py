"""Sites whose language has no spaces are learned about as well as the same words with spaces."""

import random
from collections.abc import Iterator

import pytest

from core.model.tokenizer import TextSettings
from core.questions.store import FetchedQuestion
from tests.trainer.made_up import labelled
from trainer.data.corpus import read_corpus
from trainer.data.dataset import DatasetOptions, make_dataset
from trainer.progress import ProgressReporter
from trainer.systems.linear import LogisticRegression

QUESTIONS = 240
TAGS = ("air", "earth", "fire", "water")

# Letters (and signs on them) of which made-up words are put together.
WRITINGS = {
    "Japanese": ("かきくけこさしすせそたちつてとなにぬねの漢字配列回転画像", ""),
    "Chinese": ("的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年", ""),
    "Thai": ("กขคงจชซดตถทนบปผพฟมยรลวสหอ", "าิีึืุู"),
    "Lao": ("ກຂຄງຈສຊຍດຕຖທນບປຜພຟມຢຣລວຫອ", "າິີຶືຸູ"),
    "Khmer": ("កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភម", "ាិីឹឺុូ"),
    "Burmese": ("ကခဂဃငစဆဇညတထဒဓနပဖဗဘမယရလဝသ", "ာိီုူေ"),
}


def made_up_words(letters: str, signs: str, dice: random.Random, count: int) -> list[str]:
    def syllable() -> str:
        return dice.choice(letters) + (dice.choice(signs) if signs else "")

    return ["".join(syllable() for _ in range(dice.choice((2, 2, 3)))) for _ in range(count)]


def questions(writing: str, space: str) -> Iterator[FetchedQuestion]:
    """Clauses of words that go with their tags among others, with some English between."""
    dice = random.Random(writing)
    common = made_up_words(*WRITINGS[writing], dice, 40)
    telling = {tag: made_up_words(*WRITINGS[writing], dice, 6) for tag in TAGS}

    def clause(tags: list[str]) -> str:
        own = [dice.choice(telling[dice.choice(tags)]) for _ in range(2)]
        return space.join(dice.sample([*own, *dice.choices(common, k=4)], 6))

    for number in range(1, QUESTIONS + 1):
        tags = dice.sample(TAGS, dice.choice((1, 1, 2)))
        body = f"<p>{'。'.join(clause(tags) for _ in range(3))} main test</p>"
        yield FetchedQuestion(
            site="made-up",
            question_id=number,
            title=clause(tags),
            body=body,
            author_tags=tuple(tags),
        )


def precision_at_1(writing: str, space: str, text: TextSettings) -> float:
    corpus = read_corpus("made-up", map(labelled, questions(writing, space)), text)
    dataset = make_dataset(corpus, DatasetOptions(min_questions=50))
    tagger = LogisticRegression().fit(dataset, seed=0, reporter=ProgressReporter())
    test = dataset.split.test
    first = tagger.probabilities(corpus, test).argmax(axis=1)
    return float(dataset.targets[test, first].mean())


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_site_without_spaces_is_learned_as_one_with_them_is(writing: str) -> None:
    text = LogisticRegression.text
    spaced, unspaced = (precision_at_1(writing, space, text) for space in (" ", ""))
    assert spaced > 0.9
    assert unspaced >= spaced - 0.05
