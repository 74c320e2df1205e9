import csv
import io

from sqlalchemy import Engine

from tests.trainer.versions.published import SITE, publish_two
from trainer.versions.judged import judge
from trainer.versions.tag_table import COLUMNS, to_csv


def test_every_tag_is_a_line_with_its_figures_and_their_intervals(sqlite_engine: Engine) -> None:
    first, _ = publish_two(sqlite_engine, data_fingerprint="2")
    rows = list(csv.DictReader(io.StringIO(to_csv(judge(sqlite_engine, SITE, [first])))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 6
    found = {row["tag"]: row for row in rows}
    anova, never = found["anova"], found["bayesian"]
    assert (anova["held_out_questions"], anova["questions_to_learn_from"]) == ("24", "12")
    assert (
        float(anova["precision_low"]) <= float(anova["precision"]) <= float(anova["precision_high"])
    )
    assert (never["suggested"], never["precision"], never["recall_low"]) == ("0", "", "")
    assert found["c++"]["f1"] == "1.0000"
