"""The page of a training run's report.

Titles, tags, links and errors are strangers': every word of theirs is escaped.
"""

from html import escape

from trainer.pages.page import page
from trainer.report.run_report import RunReport


def to_html(report: RunReport) -> str:
    """Return the report as the text of an HTML file."""
    sections = [f"<p>{escape(summary(report))}</p>"]
    return page(f"Training run {report.run} of {report.site}", sections)


def summary(report: RunReport) -> str:
    """One sentence: what became of the run, and why."""
    if report.error is not None:
        return f"The run failed: {report.error}"
    reason = report.decision.reason if report.decision else "nothing was decided"
    state = "is live" if report.outcome == "promoted" else "is kept and not live"
    return f"Version {report.version} ({report.architecture}) {state}: {reason}."
