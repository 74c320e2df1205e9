"""How a pass over a feed gets on: it ends where its pages contradict themselves.

The API says by `has_more` whether to go on. An answer that says so for ever, by a fault of the API
or of what stands between, would use a day's quota up in half a minute.
"""

from dataclasses import dataclass

from core.errors import ApiContradiction
from poller.feeds import Step

FREE_PAGES = 10  # of a pass, asked for at once; more only where there is quota to spare
MOST_STALE = 2  # pages in a row that bring nothing that was not seen just before


@dataclass(slots=True)
class Progress:
    """What the pages of a pass have brought so far.

    Attributes:
        pages: how many were read.
        second: the date that the last one came to.
        seen: items of the pages since that date was reached.
        stale: how many pages in a row have brought nothing else.
    """

    pages: int = 0
    second: int | None = None
    seen: frozenset[str] = frozenset()
    stale: int = 0

    def note(self, step: Step) -> None:
        """Take a page in.

        Raises:
            ApiContradiction: it says that there is more, and brings nothing.
        """
        if step.following is None or step.again:
            return
        if not step.items:
            raise ApiContradiction("an empty page says that there is more; the pass ends here")
        self.pages += 1
        self.stale = self.stale + 1 if step.items <= self.seen else 0
        if self.stale >= MOST_STALE:
            raise ApiContradiction(
                f"{MOST_STALE} pages in a row bring nothing new and say that there is more; the "
                "pass ends here"
            )
        onward = step.following.second != self.second
        self.second = step.following.second
        self.seen = step.items if onward else self.seen | step.items
