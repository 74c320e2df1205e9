"""Every way by which a stranger's bytes come in, as something that takes any bytes.

Each door ends without a word where the bytes were read, or refused as the program refuses things;
whatever else is raised is a fault.
"""

import gzip
import hashlib
import io
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final

import requests
from kombu.transport.virtual import Channel, Message
from requests.adapters import BaseAdapter
from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, LargeBinary
from urllib3 import HTTPResponse

from core.database.backup.columns import WRONG_VALUE, from_json
from core.database.backup.format import BackupReader, BackupWriter, Header, TableOfBackup
from core.database.backup.scope import StoredTable
from core.errors import ApiError, BackupRefused, BundleRefused, ImportFailed
from core.model.bundle import inspect, unpack
from core.model.encoding import encode
from core.model.manifest import parse_manifest
from core.model.packed.members import VOCABULARY
from core.model.tokenizer import TextSettings, question_words
from core.model.vocabulary import dump_vocabulary, parse_vocabulary
from core.questions.files import BrokenRow, read_questions
from core.questions.store import clean_text
from core.untrusted import harmless, one_line
from importer.load import BATCH_CHARACTERS
from poller.client import ApiRequest, Client
from poller.items import read_items
from review.render.question_html import MOST_CHARACTERS, render_body
from tests.models import pack_bytes, unzipped, word_bundle, zipped
from worker.messages import find_fault

REQUEST: Final = ApiRequest("questions", "stats", (("pagesize", "100"),))

SETTINGS: Final = (
    TextSettings(),
    TextSettings(code="start", latex="mark", endings="fold", inline="join", unspaced="pairs"),
    TextSettings(code="drop", latex="drop", hyphens="split", underscores="split"),
)

ITEM: Final = {
    "question_id": 6,
    "title": "Is a &lt; b &amp; b &lt; c?",
    "body": "<p>Why is <code>c++</code> so?</p><pre>int main;</pre>",
    "tags": ["r", "anova"],
    "creation_date": 1_400_000_000,
    "last_activity_date": 1_400_000_100,
    "score": 3,
    "answer_count": 0,
    "is_answered": False,
    "owner": {"display_name": "Ada &#233;", "user_id": 8},
    "link": "https://stats.stackexchange.com/questions/6",
    "content_license": "CC BY-SA 4.0",
}
ANSWER: Final = {"items": [ITEM], "has_more": False, "quota_max": 300, "quota_remaining": 299}
REFUSAL: Final = {"error_id": 502, "error_name": "throttle_violation", "error_message": "wait"}
POSTS: Final = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<posts>\n  <row Id="6" PostTypeId="1" '
    b'CreationDate="2016-08-02T15:39:14.947" Title="Why?" Body="&lt;p&gt;So&lt;/p&gt;" '
    b'Tags="|r|" />\n  <!-- a --></posts>'
)
TABLE: Final = b'Id,Title,Body,Tags\n6,Why?,"<p>So, ""it"" is</p>\n",<r>\n7,And?,<p>b</p>,<r>\n'


@dataclass(frozen=True, slots=True)
class Door:
    """A way in.

    Attributes:
        seeds: honest bytes, from which others are made.
        enter: takes any bytes.
    """

    seeds: tuple[bytes, ...]
    enter: Callable[[bytes], object]


def _text(data: bytes) -> None:
    text = clean_text(data.decode("utf-8", "surrogateescape"))
    title, _, body = text.partition("\n")
    for settings in SETTINGS:
        assert all(
            isinstance(word, str) for part in question_words(title, body, settings) for word in part
        )
    assert "\x1b" not in harmless(text)
    assert "\n" not in one_line(text)


def _encoding(data: bytes) -> None:
    bundle = word_bundle()
    words = question_words("", clean_text(data.decode("utf-8", "replace")))
    (array,) = encode([words], bundle.vocabulary, bundle.manifest.inputs).values()
    assert array.shape == (1, bundle.manifest.inputs[0].length)
    assert 0 <= array.min() <= array.max() < bundle.vocabulary.size


def _page(data: bytes) -> None:
    shown = render_body(data.decode("utf-8", "surrogateescape"), images=False)
    assert "<script" not in shown
    assert len(shown) < 100 * MOST_CHARACTERS


class _Api(BaseAdapter):
    """A transport that answers with the same bytes always."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request = 200, request
        response.raw = HTTPResponse(io.BytesIO(self._body), status=200, preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""


def _client(data: bytes) -> None:
    with requests.Session() as session:
        session.mount("http://", _Api(data))
        try:
            answer = Client(session, url="http://api").fetch(REQUEST)
        except ApiError as error:
            if len(str(error).splitlines()) > 1:
                raise
            return
    read = read_items(answer.items, site="stats", polled="unanswered")
    assert len(read.questions) + len(read.skipped) == len(answer.items)
    assert all(0 < q.question_id < 2**63 for q in read.questions)
    assert all(q.content_hash() for q in read.questions)


def _importer(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        try:
            for row in read_questions(path, site="stats"):
                if isinstance(row, BrokenRow):
                    assert len(row.reason) < 1000
                else:
                    assert 0 < row.question_id < 2**63
                    assert len(row.body) <= BATCH_CHARACTERS
        except ImportFailed:
            return


def _bundle(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(data)
        try:
            inspect(path)
            unpack(path, Path(folder), keras=False)
        except BundleRefused:
            return


def _sealed(data: bytes) -> None:
    """A bundle whose seal is true: strangers can make one too."""
    _bundle(data + hashlib.sha256(data).hexdigest().encode())


def _manifest(data: bytes) -> None:
    for parse in (parse_manifest, parse_vocabulary):
        try:
            parse(data)
        except BundleRefused:
            continue


def _backup(data: bytes) -> None:
    """Lines of a backup; and packed bytes as they are, where they are that."""
    for packed in (data, gzip.compress(data, 1)):
        try:
            reader = BackupReader(io.BytesIO(packed), "it")
            for table in reader.tables():
                if set(table.columns) == set(_COLUMNS):
                    _convert(table)
        except BackupRefused as refused:
            if len(str(refused).splitlines()) > 1:
                raise


def _convert(table: TableOfBackup) -> None:
    ways = [from_json(_ROWS, table.columns, name) for name in ("sqlite", "postgresql")]
    for row in table.rows:
        for way in ways:
            with suppress(*WRONG_VALUE):
                assert len(way(row)) == len(_COLUMNS)


_ROWS: Final = StoredTable(
    "rows",
    {
        "id": Integer(),
        "at": DateTime(timezone=True),
        "day": Date(),
        "data": LargeBinary(),
        "live": Boolean(),
        "more": JSON(),
    },
)
_COLUMNS: Final = tuple(_ROWS.columns)


def _written_backup() -> bytes:
    file = io.BytesIO()
    header = Header("0020", "1", "2026-01-01T00:00:00+00:00", "sqlite", models=True)
    writer = BackupWriter(file, header)
    row = (1, "2026-01-01T00:00:00+00:00", "2026-01-01", "AAE=", True, {"a": [1, None]})
    writer.write_table("rows", _COLUMNS, [row, row])
    writer.finish()
    return file.getvalue()


def _queue(data: bytes) -> None:
    try:  # as kombu's channel of Redis reads it
        payload = json.loads(data)
        message = _make_message(payload, channel=_CHANNEL)
        message.accept = {"application/json"}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    fault = find_fault(message, ("tagger.tag", "tagger.train", "tagger.sweep"))
    assert fault is None or isinstance(fault, str)


_make_message: Any = Message  # Kombu carries few types
_CHANNEL = SimpleNamespace(decode_body=Channel.decode_body.__get__(Channel.__new__(Channel)))


def _message(name: str, *args: object) -> bytes:
    body = [list(args), {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    return json.dumps(
        {
            "body": json.dumps(body),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": name, "id": "1", "expires": None, "retries": 0},
            "properties": {"delivery_tag": "1", "delivery_info": {}, "priority": 0},
        }
    ).encode()


_PACKED: Final = pack_bytes(word_bundle())
_SMALL: Final = zipped(unzipped(_PACKED) | {"model.keras": b"k" * 99, "model.tflite": b"t" * 99})
_LINE: Final = json.dumps(ITEM).encode()

DOORS: Final = {
    "text": Door(
        (
            b"Is $a < b$ so?\n<p>So \\(x\\) in <code>c++</code></p><pre>int a;</pre>",
            "Ünïcode 配列をsortする\n<!doctype html><p>e\u0301\u0316 ｶﾞ don\u2019t</p>".encode(),
        ),
        _text,
    ),
    "encoding": Door((b"anova bayesian c++ t-test", b"<p>regression</p> time-series"), _encoding),
    "page": Door(
        (
            b"<p>Is $\\frac{a}{b}$ so? <a href='/q/1'>x</a></p><pre><code>int a;</code></pre>",
            b"<h1>a</h1><table><tr><td>b</table><img src=x>$$\\begin{matrix}a&b\\end{matrix}$$",
        ),
        _page,
    ),
    "client": Door(
        (
            json.dumps(ANSWER).encode(),
            gzip.compress(json.dumps(ANSWER).encode(), mtime=0),
            json.dumps(REFUSAL).encode(),
        ),
        _client,
    ),
    "importer": Door(
        (
            _LINE + b"\n" + _LINE,
            json.dumps([ITEM, ITEM], indent=1).encode(),
            json.dumps(ANSWER).encode(),
            POSTS,
            TABLE,
            gzip.compress(POSTS, mtime=0),
            POSTS.decode().encode("utf-16"),
        ),
        _importer,
    ),
    "bundle": Door((_SMALL,), _bundle),
    "sealed": Door((_SMALL[:-64],), _sealed),
    "manifest": Door(
        (
            word_bundle().manifest.model_dump_json().encode(),
            dump_vocabulary(word_bundle().vocabulary),
            unzipped(_PACKED)[VOCABULARY],
        ),
        _manifest,
    ),
    "backup": Door((gzip.decompress(_written_backup()), _written_backup()), _backup),
    "queue": Door(
        (
            _message("tagger.tag", "stats", [1, 2]),
            _message("tagger.train", "stats", 1),
            _message("tagger.sweep"),
        ),
        _queue,
    ),
}
