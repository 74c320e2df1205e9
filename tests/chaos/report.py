"""The table at a run's end, and whether it passes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.chaos.ledger import Account

BOUND_SECONDS: Final = 30.0
WRONGS: Final = ("lost", "untagged", "duplicated", "parked", "wrong")


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long it took after a fault's end.

    Attributes:
        name: the fault's.
        seconds: None where it was waited for in vain.
        grace: seconds by which it may be later than others.
    """

    name: str
    seconds: float | None
    grace: float = 0.0

    def is_late(self, bound: float) -> bool:
        """Whether it breaks a bound in seconds."""
        return self.seconds is None or self.seconds > bound + self.grace


@dataclass(slots=True)
class Report:
    """What a run has shown.

    Attributes:
        title: which run it was.
        bound: in seconds, by which all must have recovered.
        recoveries: one for each fault.
        skipped: faults that could not be tried, with why.
        account: of all questions; None where the run broke off.
        unexpected: (service, status) of each end that was nobody's doing.
        tracebacks: in the services' logs.
        memory: MB of all services at the start and at the end.
        rules_broken: how often the API's rules were.
    """

    title: str
    bound: float = BOUND_SECONDS
    recoveries: list[Recovery] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    account: Account | None = None
    unexpected: Sequence[tuple[str, int | None]] = ()
    tracebacks: int = 0
    memory: tuple[float, float] = (0.0, 0.0)
    rules_broken: int = 0

    @property
    def passes(self) -> bool:
        """Whether nothing was lost, and all recovered in time."""
        account = self.account
        if account is None or self.unexpected or self.rules_broken:
            return False
        if self._late(self.recoveries):
            return False
        return not any(getattr(account, wrong) for wrong in WRONGS)

    def _late(self, recoveries: Iterable[Recovery]) -> bool:
        return any(one.is_late(self.bound) for one in recoveries)

    def lines(self) -> Iterator[str]:
        """Yield the table."""
        yield f"\n{self.title}: {'passes' if self.passes else 'FAILS'}"
        yield f"{'recovered after, seconds':46}{'times':>6}{'median':>8}{'worst':>8}"
        yield from self._recoveries()
        yield from (f"skipped: {name}: {why}" for name, why in self.skipped.items())
        yield from self._figures()

    def _recoveries(self) -> Iterator[str]:
        by_name: defaultdict[str, list[Recovery]] = defaultdict(list)
        for recovery in self.recoveries:
            by_name[recovery.name].append(recovery)
        for name, all_of_it in sorted(by_name.items()):
            seconds = [float("inf") if one.seconds is None else one.seconds for one in all_of_it]
            late = "  LATE" if self._late(all_of_it) else ""
            figures = f"{len(seconds):6}{median(seconds):8.1f}{max(seconds):8.1f}"
            yield f"{name:46}{figures}{late}"

    def _figures(self) -> Iterator[str]:
        account = self.account
        if account is None:
            yield "the run broke off: no account"
            return
        figures = {
            "faults": len(self.recoveries),
            "questions": account.questions,
            "lost": account.lost,
            "untagged": account.untagged,
            "duplicated": account.duplicated,
            "parked": account.parked,
            "wrongly tagged": account.wrong,
            "unexpected ends": len(self.unexpected),
            "tracebacks": self.tracebacks,
            "API rules broken": self.rules_broken,
        }
        yield from (f"{name:46}{number:6,}" for name, number in figures.items())
        yield from (f"  {name} ended with {status}" for name, status in self.unexpected)
        start, end = self.memory
        yield f"{'memory of all services, MB':46}{start:6.0f} at the start, {end:.0f} at the end"
