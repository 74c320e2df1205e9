"""The frame of the review."""

import re

import pytest
from fastapi.testclient import TestClient

from review.pages.review import KEYS, ORDERS
from review.web.context import Context
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("path", ["/review", "/history", "/login"])
def test_no_page_holds_a_script_or_a_style_of_its_own(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert not INLINE.search(page.text)


def test_every_order_can_be_chosen_and_every_key_is_shown(client: TestClient) -> None:
    page = client.get("/review?order=disputed").text
    for order in ORDERS:
        assert f'value="{order.name}"' in page
    assert '<option value="disputed" selected>' in page
    for key, _ in KEYS:
        assert f"<kbd>{key.split(' … ')[0]}</kbd>" in page


def test_sites_are_those_that_are_polled_and_those_that_have_a_model(
    client: TestClient, context: Context, clock: ManualClock
) -> None:
    publish_live(context.engine, word_bundle("cooking"), now=clock.now())
    page = client.get("/review?site=cooking").text
    assert "<option selected>cooking</option>" in page
    assert "<option>stats</option>" in page
    assert "All sites" in page
    filtered = client.get("/review?site=cooking&order=newest&q=words").text
    assert 'href="/review?site=cooking&amp;order=newest">Clear' in filtered


def test_one_site_alone_is_not_asked_for(client: TestClient) -> None:
    assert "All sites" not in client.get("/review").text


def test_what_an_address_says_of_the_filter_is_escaped(client: TestClient) -> None:
    page = client.get("/review", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
