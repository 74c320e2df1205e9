from tools import commands_page


def test_the_page_of_the_commands_is_what_the_program_says() -> None:
    """Where it is not: python -m tools.commands_page."""
    assert commands_page.FILE.read_text() == commands_page.make_page()
