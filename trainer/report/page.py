"""The page of a training run's report.

Titles, tags, links and errors are strangers': every word of theirs is escaped.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Final

from trainer.pages.charts import (
    extreme_tags,
    reliability_curves,
    tag_frequencies,
    weights_against_counts,
)
from trainer.pages.page import page, picture
from trainer.report.by_tag import TagRow, tag_rows
from trainer.report.example_cards import example_cards
from trainer.report.judged import comparisons_table, find_comparisons, metrics_table
from trainer.report.plots import comparisons, learning_curves, precision_and_recall
from trainer.report.record import CalibrationFigures, RunData, RunRecord
from trainer.report.tag_table import tag_table
from trainer.scoring.metrics import reliability

WAYS: Final = {"none": "as the network gives them"}  # of calibration, where the name says little


def to_html(report: RunRecord) -> str:
    """Return the report as the text of an HTML file.

    A run that failed has the sections of what was known by then. matplotlib and scikit-learn are
    needed only where there is something to draw or to measure.
    """
    parts: Iterable[Callable[[RunRecord], list[str]]] = (
        _head,
        _judged,
        _by_tag,
        _calibration,
        _examples,
        _of_the_fitting,
        _of_the_data,
    )
    sections = [section for part in parts for section in part(report)]
    script = files("trainer.report").joinpath("sort.js").read_text(encoding="utf-8")
    return page(f"Training run {report.run} of {report.site}", sections, script=script)


def summary(report: RunRecord) -> str:
    """One sentence: what became of the run, and why."""
    if report.outcome == "failed":
        why = report.error or "Why is not known."
        return f"The run failed, and the live version is unchanged. {why}"
    state = "went live" if report.outcome == "promoted" else "is kept and not live"
    why = f": {report.decision.reason}" if report.decision else ""
    return f"Version {report.version} ({report.architecture}) {state}{why}."


def _head(report: RunRecord) -> list[str]:
    facts = {"started": _times(report)}
    if report.architecture is not None:
        facts["architecture"] = report.architecture
    chosen = {name: value for name, value in report.hyperparameters.items() if value is not None}
    if chosen:
        facts["hyperparameters"] = ", ".join(f"{name} {value}" for name, value in chosen.items())
    if report.data is not None:
        facts["questions"] = _questions(report.data)
        facts["tags"] = (
            f"{len(report.data.labels):,} of {len(report.data.tag_counts):,} are learned"
        )
    rows = "".join(f"<dt>{name}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items())
    return [
        f'<p class="outcome {escape(report.outcome or "")}">{escape(summary(report))}</p>',
        f"<dl>{rows}</dl>",
    ]


def _times(report: RunRecord) -> str:
    started = f"{report.started_at:%Y-%m-%d %H:%M} UTC"
    if report.ended_at is None:
        return started
    minutes, seconds = divmod(round((report.ended_at - report.started_at).total_seconds()), 60)
    return f"{started}, took {minutes}:{seconds:02} minutes"


def _questions(data: RunData) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in data.parts.items())
    if data.oldest is None or data.newest is None:
        return parts
    return f"{parts}; asked from {data.oldest:%Y-%m-%d} to {data.newest:%Y-%m-%d}"


def _judged(report: RunRecord) -> list[str]:
    sections = []
    if found := find_comparisons(report.decision):
        note = "The bar is the 95% interval of the difference; left of the line it is behind."
        sections += [
            picture("Lead of the candidate", comparisons(found), note),
            comparisons_table(found),
        ]
    if report.evaluated_models:
        names = ", ".join(evaluated_model.name for evaluated_model in report.evaluated_models)
        title = f"All metrics: {names}"
        sections.append(f"<h2>{escape(title)}</h2>\n{metrics_table(report.evaluated_models)}")
    return sections


def _of_the_data(report: RunRecord) -> list[str]:
    data = report.data
    if data is None or not data.labels:
        return []
    return [
        picture(
            "Tag frequencies",
            tag_frequencies(dict(sorted(data.tag_counts.items(), key=lambda item: -item[1]))),
            "Few tags have most of the questions, whatever the site.",
        ),
        picture(
            "The most and the least frequent tags that are learned",
            extreme_tags(data.labels, data.tag_counts),
            f"From either end of the {len(data.labels)}.",
        ),
        picture(
            "Class weights against counts",
            weights_against_counts(data.targets),
            "Where class weights multiply the loss (see the hyperparameters), a mistake on a rare "
            "tag costs what one on the most frequent tag costs; their mean is 1.",
        ),
    ]


def _of_the_fitting(report: RunRecord) -> list[str]:
    if not report.epochs:
        return []
    note = (
        "The epoch of the lowest loss on the validation part is the one that is kept. A network "
        "that is fitted in parts has lines for each."
    )
    return [picture("Learning curves", learning_curves(report.epochs), note)]


def _by_tag(report: RunRecord) -> list[str]:
    if not report.evaluated_models or report.data is None:
        return []
    rows = tag_rows(report.evaluated_models[0], report.data)
    note = (
        "Over all held-out questions and each model's own tags. On the left, the curve over "
        "all thresholds, and the point at those that were chosen. On the right, a point for each "
        "tag that was predicted and asked for; the thirds are by questions to learn from."
    )
    return [
        picture("Precision and recall", precision_and_recall(report.evaluated_models, rows), note),
        f"<h2>By tag</h2>\n<p>{escape(_of_the_tags(rows))}</p>\n{tag_table(rows)}",
    ]


def _of_the_tags(rows: Sequence[TagRow]) -> str:
    silent = sum(math.isnan(row.precision) for row in rows)
    unseen = sum(row.holdout == 0 for row in rows)
    return (
        f"The candidate on the held-out questions. {silent:,} of {len(rows):,} tags reach their "
        f"threshold on none of them, {unseen:,} occur in none."
    )


def _calibration(report: RunRecord) -> list[str]:
    curves = [(one.name, reliability(one.scores)) for one in report.evaluated_models]
    figures = report.calibration
    if figures is not None and figures.uncalibrated is not None:
        curves.append(("uncalibrated", figures.uncalibrated))
    sections = []
    if curves:
        note = (
            "On the diagonal, a probability of .7 is right in 7 cases of 10; below it, the model "
            "is too sure of itself. Over all held-out questions; the candidate as it is before "
            "calibration over the validation part."
        )
        sections.append(picture("Reliability", reliability_curves(curves), note))
    if figures is not None and figures.log_loss:
        sections.append(_ways(figures))
    return sections


def _ways(figures: CalibrationFigures) -> str:
    """The ways of calibration that were tried, the chosen one marked."""
    rows = "\n".join(
        f"<tr{' class=own' if way == figures.chosen else ''}>"
        f'<th scope="row">{escape(WAYS.get(way, way))}</th><td>{loss:.5f}</td>'
        f"<td>{figures.calibration_error[way]:.5f}</td></tr>"
        for way, loss in figures.log_loss.items()
    )
    return (
        '<div class="wide"><table class="roomy"><thead><tr><th scope="col">calibration</th>'
        '<th scope="col">log loss</th><th scope="col">calibration error</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>\n"
        '<p class="note">By cross-validation inside the validation part; the smaller the better. '
        "The marked one was chosen.</p>"
    )


def _examples(report: RunRecord) -> list[str]:
    sections = []
    if report.best:
        note = "Held-out questions whose tags the candidate ranks best; of equals the surest."
        sections.append(example_cards("Best predictions", note, report.best))
    if report.worst:
        note = "Those whose tags it ranks worst; of equals again the surest, so wrong and sure."
        sections.append(example_cards("Worst predictions", note, report.worst))
    return sections
