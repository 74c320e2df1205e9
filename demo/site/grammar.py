"""Slots and choices: how a template becomes a sentence.

Everything variable stands in guillemets, which neither HTML, LaTeX nor program code uses:

    «outcome»         the slot's value; «Outcome» begins with a capital
    «a unit»          the value with its article: "a shop", "an apiary"; «A unit» begins a sentence
    «often|mostly»    one of these, possibly empty, possibly with slots inside
    «8..40»           a number in between, with as many decimals as the first bound
    «runs=8..40»      the same, drawn once: wherever «runs=…» occurs again, it is the same number
"""

import random
import re
from collections.abc import MutableMapping

_INNERMOST = re.compile("«([^«»]*)»")
_ONCE = re.compile(r"([A-Za-z]+)=")
_RANGE = re.compile(r"(\d*(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)")
_SOUNDS_LIKE_A_VOWEL = re.compile(r"[aeio]|u(?!ni|se|ti|ro)|hour|honest|8|11\b|18\b", re.IGNORECASE)
_SOUNDS_LIKE_A_CONSONANT = re.compile(r"one\b|once|eu", re.IGNORECASE)


def expand(template: str, slots: MutableMapping[str, str], rng: random.Random) -> str:
    """Fill every slot and settle every choice, the inner ones first.

    What is drawn once is kept in `slots`.

    Raises:
        KeyError: the template names a slot that is not in `slots`.
    """
    while "«" in template:
        template = _INNERMOST.sub(lambda match: _fill(match[1], slots, rng), template)
    return template


def with_article(noun: str) -> str:
    """Put "a" or "an" in front, by sound as far as this site's nouns need it."""
    vowel = _SOUNDS_LIKE_A_VOWEL.match(noun) and not _SOUNDS_LIKE_A_CONSONANT.match(noun)
    return f"{'an' if vowel else 'a'} {noun}"


def capitalise(text: str) -> str:
    """Upper-case the first letter and leave the others as they are."""
    return text[:1].upper() + text[1:]


def _fill(marker: str, slots: MutableMapping[str, str], rng: random.Random) -> str:
    if once := _ONCE.match(marker):
        name = once[1].lower()
        if name not in slots:
            slots[name] = _fill(marker[once.end() :], slots, rng)
        return capitalise(slots[name]) if marker[0].isupper() else slots[name]
    if "|" in marker:
        return rng.choice(marker.split("|"))
    if bounds := _RANGE.fullmatch(marker):
        return _number(bounds[1], bounds[2], rng)
    key = marker.lower()
    value = with_article(slots[key[2:]]) if key.startswith("a ") else slots[key]
    return capitalise(value) if marker[0].isupper() else value


def _number(low: str, high: str, rng: random.Random) -> str:
    decimals = len(low.partition(".")[2])
    if decimals == 0:
        return str(rng.randint(int(low), int(high)))
    return f"{rng.uniform(float(low), float(high)):.{decimals}f}"
