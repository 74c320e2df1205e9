"""How writings without spaces become words; how well models read them: test_unspaced_sites.py."""

import unicodedata

import pytest

from core.model.text.unspaced import SIGNS
from core.model.tokenizer import TextSettings, words

PAIRS = TextSettings(hyphens="split", endings="fold", unspaced="pairs")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("配列をsortする", ["配", "列", "を", "配列", "列を", "sort", "す", "る", "する"]),
        ("犬。猫", ["犬", "猫"]),
        ("C#の配列、c++言語", ["c#", "の", "配", "列", "の配", "配列", "c++", "言", "語", "言語"]),
        ("Node.jsで配列.sort()", ["node.js", "で", "配", "列", "で配", "配列", "sort"]),
        (".NETで", [".net", "で"]),
        ("\uff23\uff0b\uff0b とﾃﾞｰ", ["c++", "と", "デ", "ー", "とデ", "デー"]),
        ("中文分词", ["中", "文", "分", "词", "中文", "文分", "分词"]),
        ("กี่๑๒", ["กี่", "๑๒"]),
        ("ລາວ", ["ລ", "າ", "ວ", "ລາ", "າວ"]),
        ("ភាសា", ["ភា", "សា", "ភាសា"]),
        ("မြန်မာ", ["မြ", "န်", "မာ", "မြန်", "န်မာ"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("हिन्दी है", ["हिन्दी", "है"]),
        ("some apples, naïve", ["som", "appl", "naïve"]),
        ("配列# 🎉", ["配", "列", "配列"]),
        ("🎉 !? …", []),
    ],
)
def test_characters_and_pairs_stand_for_words(text: str, expected: list[str]) -> None:
    assert words(text, PAIRS) == expected


def test_models_of_before_read_a_clause_as_one_word() -> None:
    assert words("配列をsortする。ｱ", TextSettings()) == ["配列をsortする", "ｱ"]


def test_the_signs_are_all_combining_marks_wherever_they_stand() -> None:
    marks = [c for c in map(chr, range(0x300, 0xFFFF)) if unicodedata.category(c).startswith("M")]
    assert list(SIGNS) == ["\u200c", "\u200d", *marks]
