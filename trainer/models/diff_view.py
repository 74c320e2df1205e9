"""What changed between two versions, as a person reads it on the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from rich.table import Table

from core.console import out, plain
from core.model.registry import Version
from core.wording import counted
from trainer.versions.comparison import Change, Suggestions, VersionsCompared
from trainer.versions.judged import JudgedVersion

SHOWN: Final = 10  # tags
EXAMPLES: Final = 5  # questions that gain, and as many that lose
NONE: Final = "-"


def print_made(first: JudgedVersion, second: JudgedVersion) -> None:
    """Print what differs in how they were made; nothing where nothing does."""
    facts = [_made(one) for one in (first, second)]
    rows = [
        (name, told, facts[1].get(name, NONE))
        for name, told in facts[0].items()
        if facts[1].get(name) != told
    ]
    rows += [(name, NONE, told) for name, told in facts[1].items() if name not in facts[0]]
    if rows:
        table = _table(first.version, second.version, "made")
        for row in rows:
            table.add_row(*map(plain, row))
        out.print(table)


def _made(one: JudgedVersion) -> dict[str, str]:
    version, manifest = one.version, one.manifest
    until = version.learned_until
    facts: dict[str, Any] = {
        "architecture": version.architecture,
        "made": f"{version.created_at:%Y-%m-%d %H:%M}",
        "trained up to": f"{until:%Y-%m-%d %H:%M}" if until else version.learned_through or NONE,
        "data": manifest.data_fingerprint[:12],
        "names of its tags": "read" if manifest.names else "not read",
        "rivals among its tags": "taken into account" if manifest.rivals else "none",
        "calibration": manifest.calibration.kind,
        "mean threshold": f"{np.mean([one for one in manifest.thresholds if one <= 1] or [1]):.3f}",
        "tags never suggested": sum(one > 1 for one in manifest.thresholds),
        **_counts(version.metrics),
        **manifest.hyperparameters,
    }
    return {name: str(value) for name, value in facts.items()}


def _counts(metrics: Mapping[str, Any]) -> dict[str, Any]:
    told = {"trained on": "train_questions", "validated on": "validation_questions"}
    return {name: metrics[key] for name, key in told.items() if key in metrics}


def print_compared(compared: VersionsCompared, versions: Sequence[Version]) -> None:
    """Print the figures, the tags and the predictions that changed."""
    before, after = versions
    title = f"on {counted(compared.questions, 'question')} that neither learned from"
    _print_changes(compared.figures, _table(before, after, title, "difference", "95% interval"))
    sure = [one for one in compared.tags if one.is_sure]
    out.print(
        f"\nF1 of {len(sure):,} of {len(compared.tags):,} tags surely differs (of tags that do "
        "not, 1 in 20 would seem to by chance).",
        highlight=False,
    )
    if sure:
        heads = ("difference", "95% interval", "questions")
        _print_changes(sure[:SHOWN], _table(before, after, "F1 of the tag", *heads))
    for told, tags in (("New", compared.new_tags), ("Gone", compared.gone_tags)):
        if tags:
            out.print(f"{told} tags: {plain(', '.join(tags))}", highlight=False)
    _print_predictions(compared)


def _table(before: Version, after: Version, first: str, *more: str) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold")
    names = [f"version {one.version}" for one in (before, after)]
    for name in (*names, *more):
        table.add_column(name, justify="right", overflow="fold")
    return table


def _print_changes(changes: Sequence[Change], table: Table) -> None:
    for one in changes:
        cells = [f"{one.before:.3f}", f"{one.after:.3f}", f"{one.difference.value:+.4f}"]
        ends = f"{one.difference.low:+.4f} to {one.difference.high:+.4f}"
        with_count = [f"{one.questions:,}"] if len(table.columns) > 5 else []
        table.add_row(plain(one.name), *cells, ends, *with_count)
    out.print(table)


def _print_predictions(compared: VersionsCompared) -> None:
    changed = compared.changed
    share = len(changed) / compared.questions
    out.print(
        f"\nSuggestions differ for {counted(len(changed), 'question')} ({share:.0%}).",
        highlight=False,
    )
    better = [one for one in changed if one.gained > 0][:EXAMPLES]
    worse = [one for one in reversed(changed) if one.gained < 0][:EXAMPLES]
    for told, shown in (("Better", better), ("Worse", worse)):
        if shown:
            out.print(f"{told}, the author's tags in brackets:", highlight=False)
        for one in shown:
            _print_question(one)


def _print_question(one: Suggestions) -> None:
    question = one.question
    out.print(
        f"  {question.question_id}  {plain(question.title)} ({plain(', '.join(question.tags))})\n"
        f"      {plain(', '.join(one.before) or 'nothing')}  →  "
        f"{plain(', '.join(one.after) or 'nothing')}",
        highlight=False,
        soft_wrap=True,
    )
