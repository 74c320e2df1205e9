"""The made-up site: reproducible, varied, well-formed and pleasant to read."""

import re
from collections import Counter
from datetime import UTC, timedelta
from html import escape
from itertools import pairwise
from statistics import mean, median
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup

from demo.site import MadeUpQuestion, make_questions

COUNT = 4000


@pytest.fixture(scope="module")
def questions() -> list[MadeUpQuestion]:
    return list(make_questions(COUNT))


@pytest.fixture(scope="module")
def prose(questions: list[MadeUpQuestion]) -> list[str]:
    """Titles and bodies as a reader sees them, without code and formulas."""
    return [_prose(f"<p>{escape(question.title)}</p>\n{question.body}") for question in questions]


def _prose(body: str) -> str:
    soup = BeautifulSoup(body, "lxml")
    for code in soup.find_all("code"):
        code.replace_with("CODE")
    return re.sub(r"\$\$.+?\$\$|\$[^$]+\$", "FORMULA", soup.get_text())


def _share(questions: list[MadeUpQuestion], marker: str) -> float:
    return mean(marker in question.body for question in questions)


def test_equal_arguments_give_equal_questions() -> None:
    assert list(make_questions(50)) == list(make_questions(50))


def test_a_smaller_count_gives_the_first_questions(questions: list[MadeUpQuestion]) -> None:
    assert list(make_questions(100)) == questions[:100]


def test_another_seed_gives_another_site(questions: list[MadeUpQuestion]) -> None:
    others = make_questions(100, seed=1)
    assert not {other.title for other in others} >= {q.title for q in questions[:100]}


def test_ids_and_times_ascend_and_links_name_the_question(questions: list[MadeUpQuestion]) -> None:
    assert len(questions) == COUNT
    for earlier, later in pairwise(questions):
        assert earlier.question_id < later.question_id
        assert earlier.created_at < later.created_at
    for question in questions:
        assert question.created_at.tzinfo is UTC
        assert question.link == f"https://demo.example/questions/{question.question_id}"


def test_questions_follow_the_rhythm_of_the_week(questions: list[MadeUpQuestion]) -> None:
    weekdays = Counter(question.created_at.weekday() for question in questions)
    hours = Counter(question.created_at.hour for question in questions)
    assert weekdays[1] > 1.5 * weekdays[6]
    assert hours[15] > 3 * hours[3] > 0
    longest = max(later.created_at - earlier.created_at for earlier, later in pairwise(questions))
    assert longest < timedelta(days=3)


def test_no_two_titles_are_equal(questions: list[MadeUpQuestion]) -> None:
    assert len({question.title.casefold() for question in questions}) == COUNT


def test_no_two_bodies_of_some_length_are_equal(questions: list[MadeUpQuestion]) -> None:
    bodies = Counter(question.body for question in questions if len(question.body) > 400)
    assert bodies.most_common(1)[0][1] == 1


def test_tags_have_a_long_tail(questions: list[MadeUpQuestion]) -> None:
    counts = Counter(tag for question in questions for tag in question.tags)
    (_, most), *_ = counts.most_common(1)
    assert len(counts) >= 60
    assert 0.15 <= most / COUNT <= 0.20
    assert sum(count >= 0.01 * COUNT for count in counts.values()) >= 40
    assert min(counts.values()) < 0.003 * COUNT


def test_questions_have_one_to_five_different_tags(questions: list[MadeUpQuestion]) -> None:
    assert all(1 <= len(question.tags) <= 5 for question in questions)
    assert all(len(set(question.tags)) == len(question.tags) for question in questions)
    assert 2.6 <= mean(len(question.tags) for question in questions) <= 3.2


def test_tags_that_try_a_tokenizer_occur(questions: list[MadeUpQuestion]) -> None:
    tags = {tag for question in questions for tag in question.tags}
    assert {"r", "t-test", "scikit-learn", "k-means", "c++", "c#", ".net", "node.js"} <= tags
    assert all(re.fullmatch(r"[a-z0-9.][a-z0-9.+#-]*", tag) for tag in tags)


def test_bodies_are_well_formed_html(questions: list[MadeUpQuestion]) -> None:
    allowed = {"body", "p", "ul", "ol", "li", "pre", "code", "blockquote", "a", "strong", "em"}
    for question in questions:
        root = ET.fromstring(f"<body>{question.body}</body>")  # a stray tag would not parse
        assert {element.tag for element in root.iter()} <= allowed
        assert not (root.text or "").strip()
        for element in root.iter():
            assert "".join(element.itertext()).strip()


def test_links_lead_to_example_addresses_only(questions: list[MadeUpQuestion]) -> None:
    for question in questions:
        for address in re.findall(r'href="([^"]+)"', question.body):
            assert re.match(r"https://example\.(org|com)/", address)


def test_lengths_spread_like_on_a_real_site(prose: list[str]) -> None:
    words = sorted(len(text.split()) for text in prose)
    middle = median(words)
    assert 60 <= middle <= 150
    assert words[COUNT // 50] < 0.35 * middle
    assert words[-1] >= 4.5 * middle


@pytest.mark.parametrize(
    ("marker", "low", "high"),
    [
        ("<pre><code>", 0.15, 0.5),
        ("<ul>", 0.1, 0.5),
        ("<ol>", 0.1, 0.5),
        ("<blockquote>", 0.01, 0.1),
        ("$", 0.1, 0.4),
        ("$$", 0.005, 0.1),
        ("<a href", 0.05, 0.3),
        ("&lt;", 0.05, 0.4),
        ("&amp;", 0.0005, 0.1),
        ("EDIT", 0.03, 0.2),
    ],
)
def test_forms_of_text_occur_in_believable_shares(
    questions: list[MadeUpQuestion], marker: str, low: float, high: float
) -> None:
    assert low <= _share(questions, marker) <= high


def test_prose_shows_no_trace_of_the_templates(prose: list[str]) -> None:
    seam = re.compile(r"[{}«»`]|\.\.\w|  |\*\*| [,;?]| \.(?!NET)|\?\?|\.\.$|^\w+: [a-d]\b")
    for text in prose:
        for line in text.splitlines():
            assert not seam.search(line), line


def test_articles_agree_with_their_nouns(prose: list[str]) -> None:
    vowel = r"(?!one|uni|use|usu|eu|uti)[aeiou]|(?:8\d?|11|18)\b"
    wrong_a = re.compile(rf"\ba (?:{vowel})", re.IGNORECASE)
    wrong_an = re.compile(r"\ban (?!FORMULA|hour|honest|F |R |M|L|S|8|11|18)[^aeiouAEIO]")
    for text in prose:
        found = wrong_a.search(text) or wrong_an.search(text)
        assert not found, text[max(found.start() - 40, 0) : found.end() + 40]


def test_sentences_begin_with_capitals(prose: list[str]) -> None:
    small = re.compile(r"(?<!vs)(?<!etc)[a-z)][.?!] [a-z]")
    for text in prose:
        found = small.search(text)
        assert not found, text[max(found.start() - 40, 0) : found.end() + 40]
