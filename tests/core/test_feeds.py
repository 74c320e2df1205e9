from core.feeds import method_of


def test_each_feed_asks_one_method() -> None:
    assert method_of("live", "no-answers") == "questions/no-answers"
    assert method_of("changed", "questions") == "questions"
    assert method_of("history", "unanswered") == "questions"
    assert method_of("synonyms", "questions") == "tags/synonyms"
    assert method_of("wikis", "questions") == "tags/{tags}/wikis"
    assert method_of("refresh", "unanswered") == "questions/{ids}"
