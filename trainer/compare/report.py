"""The report of a comparison, as one HTML file.

Titles, texts and tags are strangers': every word of theirs is escaped.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np

from core.model.tokenizer import html_to_text
from trainer.compare import plots
from trainer.compare.plots import Results
from trainer.compare.run import Comparison, Data, Result, Row
from trainer.pages.charts import (
    extreme_tags,
    reliability_curves,
    tag_frequencies,
    weights_against_counts,
)
from trainer.pages.figures import HEADINGS, number
from trainer.pages.page import page, picture
from trainer.scoring.metrics import METRICS

SHOWN: Final = 4  # systems in one picture of lines
COMPARED_BY_TAG: Final = 2  # in one of points
EXAMPLE_TAGS: Final = 10  # as in the article
EXAMPLE_LENGTH: Final = 900  # characters of the text
ARTICLE_PAIR: Final = ("conv1d", "simple")
SPLITS: Final = {
    "random": "a fifth of the questions, drawn at random, judges (the article's split)",
    "time": "the newest fifth of the questions judges",
}


def to_html(comparison: Comparison) -> str:
    """Return the report as the text of an HTML file."""
    data = comparison.data
    results = [(row.system, row.result) for row in comparison.rows if row.result is not None]
    sections = [_introduction(data), _table(comparison)]
    if results:
        sections += [picture("Precision@1 with its interval", plots.intervals(results), _INTERVAL)]
    sections += _of_the_data(data)
    if results:
        sections += _of_the_systems(data, results)
        sections.append(_example(data, results))
    return page(f"Tagging {data.site}: systems compared", sections, broad=True)


_INTERVAL: Final = (
    "The bars are 95% bootstrap intervals over the questions of the test part. All systems are "
    "judged on the same questions, so a difference may be sure although two bars overlap."
)


def _introduction(data: Data) -> str:
    parts = data.parts
    return (
        f"<p>{sum(parts.values()):,} questions that have one of the {len(data.labels)} most "
        f"frequent of {len(data.tag_counts):,} tags. {parts['train']:,} to learn from, "
        f"{parts['validation']:,} to calibrate and choose thresholds by, {parts['test']:,} to "
        f"judge by: {SPLITS[data.split]}.</p>"
    )


def _table(comparison: Comparison) -> str:
    heads = "".join(f'<th scope="col">{heading}</th>' for heading in _headings())
    best = _best(comparison.rows)
    body = "\n".join(_row(row, best) for row in comparison.rows)
    missing = ""
    if comparison.unfinished:
        names = escape(", ".join(comparison.unfinished))
        missing = f'<p class="note">Stopped before the end. Missing: {names}.</p>'
    return (
        f'<h2>Systems</h2>\n<div class="wide"><table><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>\n{missing}"
        '<p class="note">Bold is the best of a column; small are the ends of the 95% interval. '
        "Log loss (the article's loss) and expected calibration error (ECE) are the better the "
        "smaller. Categorical accuracy counts the alphabetically first of a question's tags "
        "only; it is here because the article reports it. Questions/s is from words to "
        "probabilities, as the system stands in the trainer.</p>"
    )


def _headings() -> list[str]:
    return ["system", *HEADINGS.values(), "train s", "questions/s", "MB"]


def _best(rows: Sequence[Row]) -> dict[str, float]:
    found = {}
    for name, metric in METRICS.items():
        values = [row.result.estimates[name].value for row in rows if row.result is not None]
        if values:
            found[name] = max(values) if metric.higher_is_better else min(values)
    return found


def _row(row: Row, best: dict[str, float]) -> str:
    name = f'<th scope="row">{escape(row.system)}</th>'
    if row.result is None:
        span = len(_headings()) - 1
        return f'<tr>{name}<td class="error" colspan="{span}">{escape(row.error or "")}</td></tr>'
    cells = []
    for metric, estimate in row.result.estimates.items():
        value = number(metric, estimate.value)
        if estimate.value == best[metric]:
            value = f"<b>{value}</b>"
        ends = f"{number(metric, estimate.low)}&ndash;{number(metric, estimate.high)}"
        cells.append(f"<td>{value}<small>{ends}</small></td>")
    costs = (
        f"{row.result.train_seconds:,.1f}",
        f"{row.result.questions_per_second:,.0f}",
        f"{row.result.size / 1e6:.1f}",
    )
    return f"<tr>{name}{''.join(cells)}{''.join(f'<td>{cost}</td>' for cost in costs)}</tr>"


def _of_the_data(data: Data) -> list[str]:
    return [
        picture(
            "Questions of each tag",
            tag_frequencies(data.tag_counts),
            "Few tags have most of the questions, whatever the site.",
        ),
        picture(
            "The most and the least frequent tags that are learned",
            extreme_tags(data.labels, data.tag_counts),
            f"Five from either end of the {len(data.labels)}.",
        ),
        picture(
            "Class weights against counts",
            weights_against_counts(data.targets),
            "Where class weights multiply the loss, a mistake on a rare tag costs what one on the "
            "most frequent tag costs; their mean is 1.",
        ),
    ]


def _of_the_systems(data: Data, results: Results) -> list[str]:
    ranked = sorted(results, key=lambda pair: -pair[1].estimates["precision_at_1"].value)
    shown = ranked[:SHOWN]
    few = f"The {len(shown)} systems of the highest precision@1."
    sections = []
    if (curves := plots.learning_curves(results)) is not None:
        note = (
            "Of systems with class weights the loss is weighted, so it is another number. A "
            "network that is fitted in parts has a line for each."
        )
        sections.append(picture("Learning curves", curves, note))
    frequency = plots.f1_against_frequency(data, ranked[:COMPARED_BY_TAG])
    note = "A point for each tag; the two systems of the highest precision@1."
    sections.append(picture("F1 of each tag against its frequency", frequency, note))
    sections.append(
        picture(
            "Reliability",
            reliability_curves([(name, result.reliability) for name, result in shown]),
            f"{few} On the diagonal, a probability of .7 is right in 7 cases of 10; below it, "
            "the system is too sure of itself.",
        )
    )
    return sections


def _example(data: Data, results: Results) -> str:
    """A question with the tags of two models and their weighted mean, as the article ends."""
    (first, one), (second, other) = _pair(results)
    mean = (2 * one.example + other.example) / 3
    order = np.argsort(-one.example, kind="stable")[:EXAMPLE_TAGS]
    own = set(data.example.tags)
    rows = "\n".join(
        f"<tr{' class=own' if data.labels[label] in own else ''}>"
        f'<th scope="row">{escape(data.labels[label])}</th><td>{one.example[label]:.3f}</td>'
        f"<td>{other.example[label]:.3f}</td><td>{mean[label]:.3f}</td></tr>"
        for label in order
    )
    text = " ".join(html_to_text(data.example.body).split())
    if len(text) > EXAMPLE_LENGTH:
        text = f"{text[:EXAMPLE_LENGTH]}…"
    tags = " ".join(f'<span class="tag">{escape(tag)}</span>' for tag in data.example.tags)
    heads = (first, second, f"(2 · {first} + {second}) / 3")
    return (
        "<section><h2>A question of the test part</h2>\n"
        f"<blockquote><h3>{escape(data.example.title)}</h3><p>{escape(text)}</p>"
        f"<p>Its author's tags: {tags}</p></blockquote>\n"
        '<div class="wide"><table class="example"><thead><tr><th scope="col">tag</th>'
        + "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
        + f"</tr></thead><tbody>{rows}</tbody></table></div>\n"
        f'<p class="note">The {len(order)} most probable tags by {escape(first)}; the '
        "author's are marked.</p></section>"
    )


def _pair(results: Results) -> tuple[tuple[str, Result], tuple[str, Result]]:
    """The article's two networks where both are there, or else the two best systems."""
    by_name = dict(results)
    if all(name in by_name for name in ARTICLE_PAIR):
        first, second = ARTICLE_PAIR
        return (first, by_name[first]), (second, by_name[second])
    ranked = sorted(results, key=lambda pair: -pair[1].estimates["precision_at_1"].value)
    return ranked[0], ranked[min(1, len(ranked) - 1)]
