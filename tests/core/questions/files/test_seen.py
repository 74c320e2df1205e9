from core.questions.files.seen import SeenIds


def test_ids_that_have_been_seen_are_known_by_site() -> None:
    seen = SeenIds()
    assert [seen.add("a", i) for i in (1, 2, 511, 512, 2**63 - 1)] == [True] * 5
    assert [seen.add("a", i) for i in (1, 2, 511, 512, 2**63 - 1)] == [False] * 5
    assert seen.add("b", 1)
