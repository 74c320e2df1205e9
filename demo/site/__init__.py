"""A made-up question-and-answer site about statistics, for the demo and for tests.

    from demo.site import make_questions, write_jsonl

    write_jsonl(make_questions(4000), Path("demo.jsonl.gz"))

Every text is the project's own. `texts/` holds topics and stories, `prose` reads
them, `writing` composes a question of them, `generator` puts the questions in time.
"""

from demo.site.generator import OPENED, MadeUpQuestion, make_questions
from demo.site.jsonl import write_jsonl

__all__ = ["OPENED", "MadeUpQuestion", "make_questions", "write_jsonl"]
