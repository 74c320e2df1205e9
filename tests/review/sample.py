"""A database to review in: the made-up site, with predictions as a fair model makes them."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection

from core.agreement.queue_scores import score_page
from core.database.tables import Question
from core.questions.review_queue import enter_queue
from core.questions.store import FetchedQuestion, store
from demo.site import MadeUpQuestion, make_questions
from tests.models import word_bundle
from tests.rows import insert_prediction, publish_live

KEPT = 10  # tags of a prediction
BATCH = 25  # questions that are predicted at one time

RICH_BODY = r"""
<p>I fit a logistic regression with <code>glm</code> and want a confidence interval for
$\hat\beta_1$, where $$\log\frac{p_i}{1-p_i} = \beta_0 + \beta_1 x_i + \varepsilon_i,\qquad
\hat\beta_1 \pm z_{1-\alpha/2}\sqrt{\widehat{\operatorname{Var}}(\hat\beta_1)}$$ The output is:</p>
<pre><code>             Estimate Std. Error z value Pr(&gt;|z|)
(Intercept)   -3.0597     1.0832  -2.825  0.00473 **
hours          1.5046     0.6287   2.393  0.01671 *  # does a Wald interval rest on this?
</code></pre>
<blockquote><p>Profile intervals are usually preferred in small samples.</p></blockquote>
<table><thead><tr><th>group</th><th>n</th><th>mean</th></tr></thead>
<tbody><tr><td>control</td><td>24</td><td>1.81</td></tr>
<tr><td>treated</td><td>26</td><td>2.35</td></tr></tbody></table>
<p>Things that I have tried:</p>
<ul><li><code>confint(model)</code>, which differs from <code>confint.default(model)</code></li>
<li>the <a href="https://stats.example/questions/3">delta method</a></li></ul>
<p><img src="https://i.example/profile.png" alt="Profile likelihood of the slope"></p>
"""
RICH_TAGS = {
    "logistic": 0.97,
    "confidence-interval": 0.93,
    "generalized-linear-model": 0.84,
    "inference": 0.46,
    "maximum-likelihood": 0.27,
    "regression": 0.19,
    "hypothesis-testing": 0.08,
    "r": 0.04,
    "survival": 0.006,
    "bayesian": 0.002,
}


def fill(
    engine: Engine, *, now: datetime, questions: int = 200, site: str = "stats", seed: int = 1
) -> None:
    """Store questions and their predictions; the newest question is one that shows everything."""
    version = publish_live(engine, word_bundle(site), now=now)
    made = list(make_questions(questions, site=site))
    uses = Counter(tag for question in made for tag in question.tags)
    common = [tag for tag, _ in uses.most_common(40)]
    with engine.begin() as connection:
        store(connection, _fetched(made, now), now=now, request_tagging=False)
        rows = connection.execute(
            select(Question.id, Question.author_tags)
            .where(Question.site == site)
            .order_by(Question.question_id)
        ).all()
        chance = random.Random(seed)
        older, newest = rows[:-1], rows[-1:]
        batches = [older[first : first + BATCH] for first in range(0, len(older), BATCH)]
        for number, batch in enumerate([*batches, newest]):
            at = now - timedelta(minutes=len(batches) - number)
            for pk, tags in batch:
                found = RICH_TAGS if batch is newest else guess(tags, common, chance)
                _predict(connection, pk, version.id, found, at)
            keys = [pk for pk, _ in batch]
            enter_queue(connection, keys, model_version_id=version.id, predicted_at=at)
        while score_page(connection, lambda _: common):
            pass


def _fetched(made: Sequence[MadeUpQuestion], now: datetime) -> list[FetchedQuestion]:
    """The made-up questions as if asked a minute after each other, until now."""
    asked = [now - timedelta(minutes=len(made) - number) for number in range(len(made))]
    found = [
        FetchedQuestion(
            site=one.site,
            question_id=one.question_id,
            title=one.title,
            body=one.body,
            author_tags=one.tags,
            link=one.link,
            owner=one.owner,
            licence="CC BY-SA 4.0",
            created_at=at,
        )
        for one, at in zip(made, asked, strict=True)
    ]
    last = found.pop()
    return [*found, _rich(last)]


def _rich(question: FetchedQuestion) -> FetchedQuestion:
    title = r"Wald or profile interval for $\hat\beta_1$ of a logistic regression?"
    tags = ("logistic", "confidence-interval", "r")
    return replace(question, title=title, body=RICH_BODY, author_tags=tags)


def guess(
    author_tags: Sequence[str], common: Sequence[str], chance: random.Random
) -> dict[str, float]:
    """Probabilities as a fair model gives them: most of the author's tags, and some others."""
    found = {tag: min(0.995, 0.35 + 0.65 * chance.random()) for tag in author_tags}
    for tag in list(found):
        if chance.random() < 0.15:
            found[tag] = 0.03 * chance.random() + 0.001  # the model disputes it
    others = [tag for tag in chance.sample(common, 14) if tag not in found]
    for tag in others[: KEPT - len(found)]:
        found[tag] = 0.9 * chance.random() ** 4 + 0.001
    return found


def _predict(
    connection: Connection, pk: int, version_id: int, tags: dict[str, float], at: datetime
) -> None:
    best = sorted(tags.items(), key=lambda item: -item[1])
    suggested = {tag for tag, probability in best[:5] if probability >= 0.35}
    insert_prediction(connection, pk, version_id, tags, suggested=suggested, now=at)
