"""The static files."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin

from fastapi.testclient import TestClient

from review.web.static_files import FOR_GOOD, StaticFiles
from tests.processes import ROOT

MOST_LINES = 350
MOST_FILES = 15


def test_a_file_s_address_changes_with_its_bytes_so_that_it_is_kept_for_good(
    stranger: TestClient,
) -> None:
    address = StaticFiles().address("app.css")
    answer = stranger.get(address)
    assert answer.headers["cache-control"] == FOR_GOOD
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert stranger.get("/static/app.css?v=old").headers["cache-control"] == "no-cache"


def test_nothing_else_is_served(stranger: TestClient) -> None:
    for name in ("none.css", "..%2Fweb%2Fapp.py", "%2e%2e/app.py"):
        assert stranger.get(f"/static/{name}").status_code in (303, 404)


def test_a_browser_that_has_a_file_is_told_so(stranger: TestClient) -> None:
    etag = stranger.get("/static/api.js").headers["etag"]
    assert stranger.get("/static/api.js", headers={"If-None-Match": etag}).status_code == 304


def test_files_stand_in_folders_too(stranger: TestClient) -> None:
    answer = stranger.get(StaticFiles().address("queue/review.js"))
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == FOR_GOOD
    for name in ("queue", "queue/", "queue//review.js", "queue/../queue/none.js"):
        assert stranger.get(f"/static/{name}").status_code == 404


def test_every_script_that_another_one_imports_is_there(stranger: TestClient) -> None:
    left, seen = {"/static/queue/review.js", "/static/history.js", "/static/bulk.js"}, set[str]()
    while left - seen:
        address = (left - seen).pop()
        seen.add(address)
        answer = stranger.get(address)
        assert answer.status_code == 200, address
        left |= {urljoin(address, name) for name in re.findall(r' from "([^"]+)"', answer.text)}
    assert len(seen) > 10


def test_the_scripts_are_short_files_in_small_folders() -> None:
    folders = Counter[Path]()
    for file in (ROOT / "review" / "static").rglob("*.*"):
        folders[file.parent] += 1
        assert len(file.read_text().splitlines()) <= MOST_LINES, file
    assert all(count <= MOST_FILES for count in folders.values())
