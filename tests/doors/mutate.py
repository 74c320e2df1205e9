"""From honest bytes to hostile ones: small damages, and a piece of them a thousand times."""

import random
import re
from typing import Final

MOST_BYTES: Final = 1 << 20  # of what is made
MOST_TIMES: Final = 1 << 16  # that a piece is repeated

_WRITTEN: Final = re.findall(
    r"\S+",
    r"""
[ ] { } , : " \ < > & ; = ' - + @ $ ` / null true NaN 1e999 -1 0 2147483648 9223372036854775808
[], {}, {"":0}, "":0, "a":[ 1, \u0000 \ud800 \" "items":[ "question_id": "has_more":true
"error_id":502 "body":"<p>" "args" <pre> </pre> <b> <p> <div> <table><tr> <!-- --> <!doctype
<script> <template> <svg> <![CDATA[ &#0; &#xD800; &amp; &lt; <row PostTypeId="1" /> <? ?> <posts>
</posts> <!DOCTYPE <!ENTITY &a; encoding="punycode" <!----> Id,Title,Body,Tags Id,Tag 1," "" sep=;
=1+1 $$ \( \[ \) a- .net c++ ../../etc/passwd BZh9
""",
)
_SPELLED: Final = (
    *("\n", "\r", "\t", "\0", " ", "\x1b[2J", "9" * 400, "PK\3\4", "PK\1\2", "PK\5\6", "PK\6\7"),
    *("\u0301", "\u0316", "\u202e", "\u2028", "\u200b", "\u00ad", "\ufeff", "\ufdfa", "\u0130"),
    *("\U0001d165", "\uff76\uff9e", "\u6f22", "\u0e01\u0e31", "\U0010ffff", "\uff1d", "\u2019"),
)
_BYTES: Final = (b"\xff\xfe", b"\xc3\x28", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x80", b"\xed\xa0\x80")
TOKENS: Final = (*(text.encode() for text in (*_WRITTEN, *_SPELLED)), *_BYTES)


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """Hostile bytes, made of honest ones."""
    data = bytearray(seed)
    (most,) = rng.choices((1 << 12, 1 << 16, MOST_BYTES), (90, 9, 1))  # long ones take their time
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        rng.choice(_CHANGES)(data, rng)
        del data[most:]
    return bytes(data)


def _place(data: bytearray, rng: random.Random) -> int:
    return rng.randint(0, len(data))


def _flip(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _insert(data: bytearray, rng: random.Random) -> None:
    place = _place(data, rng)
    data[place:place] = rng.choice(TOKENS)


def _replace(data: bytearray, rng: random.Random) -> None:
    place = _place(data, rng)
    data[place : place + rng.choice((1, 2, 8, 40))] = rng.choice(TOKENS)


def _cut(data: bytearray, rng: random.Random) -> None:
    place = _place(data, rng)
    del data[place : place + rng.choice((1, 3, 20, 1 << 20))]


def _double(data: bytearray, rng: random.Random) -> None:
    """Copy a piece to another place."""
    start = _place(data, rng)
    piece = data[start : start + rng.choice((1, 8, 64, 1000))]
    place = _place(data, rng)
    data[place:place] = piece


def _repeat(data: bytearray, rng: random.Random) -> None:
    """Put a token, or two in turns, many times."""
    piece = b"".join(rng.choices(TOKENS, k=rng.choice((1, 1, 2, 3))))
    times = int(2 ** rng.uniform(0, MOST_TIMES.bit_length() - 1))
    place = _place(data, rng)
    data[place:place] = (piece * times)[:MOST_BYTES]


_CHANGES: Final = (_flip, _insert, _insert, _replace, _replace, _cut, _double, _repeat)
