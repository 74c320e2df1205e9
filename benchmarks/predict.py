"""How many questions a second a site's live model tags through LiteRT.

Run: python benchmarks/predict.py SITE [--threads 2] [--rows 256]

The questions are the site's newest in the database that TAGGER_DATABASE_URL names.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import islice

from core.console import open_database, start
from core.database.engine import reading
from core.model.bundle_cache import open_cache
from core.model.encoding import encode
from core.model.predictor import Model
from core.model.registry import fetch_from, get_live
from core.questions.selection import Selection
from trainer.data.stored import stored_questions

ROUNDS = 15


def main() -> None:
    """Print the medians: of the network alone, and of words, encoding and network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=256, help="of one batch")
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
    arrays = encode(words, model.vocabulary, model.manifest.inputs)
    for what, predict in {
        "network alone": lambda: model._run(arrays),  # noqa: SLF001 (what is measured)
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
