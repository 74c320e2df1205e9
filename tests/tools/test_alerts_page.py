from tools import alerts_page


def test_the_page_of_the_alerts_is_that_of_the_rules() -> None:
    """Where it is not: python -m tools.alerts_page."""
    assert alerts_page.FILE.read_text() == alerts_page.make_page()
