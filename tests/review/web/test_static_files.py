"""The static files."""

from fastapi.testclient import TestClient

from review.web.static_files import FOR_GOOD, StaticFiles


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
