"""How many questions a second a site's live model tags through LiteRT.

Run: PYTHONPATH=. python benchmarks/models/predict.py SITE [--threads 1] [--rows 100]

The questions are the site's newest in the database that TAGGER_DATABASE_URL names. A part of a
worker's batch has 100 of them. The first line is the network with all the padding that its inputs
have room for, the second with no more than each call needs (`core/model/encoding.py`).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from core.console import open_database, start
from core.database.engine import reading
from core.model.bundle_cache import open_cache
from core.model.encoding import encode, into_calls
from core.model.fetching import fetch_from
from core.model.predictor import MOST_ROWS, Model
from core.model.registry import get_live
from core.questions.selection import Selection
from trainer.data.stored import stored_questions

ROUNDS = 15


def main() -> None:
    """Print the medians: of the network alone, and of words, encoding and network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", type=int, default=100, help="of one batch")
    chosen = parser.parse_args()
    settings = start()
    engine = open_database(settings)
    with reading(engine) as connection:
        live = get_live(connection, chosen.site)
        stored = stored_questions(connection, Selection(chosen.site, newest=chosen.rows))
        texts = [(question.title, question.body) for question in islice(stored, chosen.rows)]
    with open_cache(settings).open(live, fetch_from(engine)) as bundle:
        model = Model(bundle, threads=chosen.threads)
    words = [model.words(*text) for text in texts]
    inputs = model.manifest.inputs
    arrays = encode(words, model.vocabulary, inputs)
    calls = model.encode(words)
    padded = into_calls(arrays, inputs, rows=MOST_ROWS, any_length=())
    padded = replace(padded, named=calls.named)
    for what, predict in {
        "network, all padding": lambda: model.run(padded),
        "network, short calls": lambda: model.run(calls),
        "encoding and network": lambda: model.probabilities(words),
        "HTML, words, encoding and network": lambda: model.probabilities(
            [model.words(*text) for text in texts]
        ),
    }.items():
        print(f"{what}: {len(texts) / median_seconds(predict):,.0f} questions a second")


def median_seconds(action: Callable[[], object]) -> float:
    """The median of some rounds, the first of which is not counted."""
    action()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
