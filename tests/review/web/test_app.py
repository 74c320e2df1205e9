"""The application."""

from fastapi.testclient import TestClient

from review.web.context import NAVIGATION


def test_the_first_page_is_the_review(client: TestClient) -> None:
    assert client.get("/").headers["location"] == "/review"


def test_no_page_loads_the_ready_made_documentation(client: TestClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_every_page_names_who_reviews_and_the_other_pages(client: TestClient) -> None:
    page = client.get("/no-such-page").text
    assert "owner" in page
    for address, name in NAVIGATION:
        assert f'<a href="{address}">{name}</a>' in page


def test_a_stranger_sees_no_navigation(stranger: TestClient) -> None:
    assert "<nav" not in stranger.get("/login").text
