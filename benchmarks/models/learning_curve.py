"""How good the default network is, by the number of questions that it learns from.

Run: PYTHONPATH=. python benchmarks/models/learning_curve.py FILE…
         [--sizes 200 500 …] [--draws 3] [--teacher …]

The newest fifth of a file's tagged questions judges, whatever the size. So many are drawn at random
from the others, and learned as `tagger train` would: all tags that are worth it, the newest tenth
for validation, names of tags where they help, and from a teacher where one is named. A row a draw,
since few questions are more or less lucky. The columns: nDCG@5, recall@5 and precision@1 of the
network against all tags of the authors; then nDCG@5 of always suggesting the most frequent tags, of
the linear baseline, and of the network over the labels that the baseline knows, by how much it is
ahead of it, and what the gate would decide by these questions.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from trainer.compare.sources import file_source, watched
from trainer.data.corpus import LabelledQuestion, read_corpus
from trainer.data.dataset import Dataset, Holdout
from trainer.data.labels import choose_labels, multi_hot
from trainer.data.splits import Split
from trainer.evaluation.evaluated_models import (
    EvaluatedModel,
    most_frequent,
    run_baseline,
    score,
    tag_counts,
)
from trainer.evaluation.gate import compare_paired, decide_promotion, ranking_quality
from trainer.evaluation.post_processing import add_post_processing
from trainer.progress import ProgressReporter
from trainer.scoring.operating_point import choose_operating_point
from trainer.systems.branched.system import BranchedNetwork
from trainer.teacher.teacher import open_teacher

SIZES: Final = (200, 500, 1000, 2000, 5000)
JUDGES: Final = 0.2  # of the questions
VALIDATION: Final = 0.1  # of those that are drawn
CONFIDENCE: Final = 0.8  # TAGGER_GATE_CONFIDENCE, as it is by default


def main() -> None:
    """Print a row for each file, size and draw; the last size is all questions there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--teacher", help="a folder or a package, as of TAGGER_TEACHER")
    parser.add_argument("--folder", type=Path, default=Path("teacher"), help="for its vectors")
    parser.add_argument("--without-all", action="store_true", help="leave out the last size")
    given = parser.parse_args()
    with open_teacher(given.teacher, given.folder, ProgressReporter()) as teacher:
        for file in given.files:
            source = watched(file_source(file), teacher)
            tagged = [question for question in source.questions() if question.tags]
            first = round(len(tagged) * (1 - JUDGES))
            older, judges = tagged[:first], tagged[first:]
            network = BranchedNetwork(teacher=teacher)
            for size in sorted(size for size in given.sizes if size < len(older)):
                for draw in range(given.draws):
                    learned = draw_questions(older, size, seed=draw)
                    show(source.site, network, learned, judges, draw)
            if not given.without_all:
                show(source.site, network, older, judges, 0)


def draw_questions(
    questions: Sequence[LabelledQuestion], size: int, *, seed: int
) -> list[LabelledQuestion]:
    """So many of the questions, in their order."""
    rows = np.random.default_rng(seed).choice(len(questions), size, replace=False)
    return [questions[row] for row in np.sort(rows)]


def show(
    site: str,
    system: BranchedNetwork,
    learned: Sequence[LabelledQuestion],
    judges: Sequence[LabelledQuestion],
    seed: int,
) -> None:
    """Learn some questions and judge by others: a row."""
    began = time.process_time()
    dataset, holdout = make_parts(site, learned, judges)
    network = run_network(system, dataset, holdout, seed)
    fitted = time.process_time() - began
    baseline = run_baseline(dataset, holdout, seed=seed, reporter=ProgressReporter())
    tags = tag_counts(holdout)
    own = ranking_quality(network.scores, tags)
    frequent = ranking_quality(most_frequent(dataset, holdout), tags)
    over = ranking_quality(network.over(baseline.labels), tags)
    linear = ranking_quality(baseline.scores, tags)
    beside = compare_paired(over, linear)
    decision = decide_promotion(
        None, beside, compare_paired(own, frequent), live="none", confidence=CONFIDENCE
    )
    recall = (network.scores.hits[:, :5].sum(axis=1) / tags).mean()
    print(
        f"{site:9} {len(learned):6,} {len(dataset.labels):4} tags   {own.mean():.3f} {recall:.3f} "
        f"{network.scores.hits[:, 0].mean():.3f}   frequent {frequent.mean():.3f}   linear "
        f"{linear.mean():.3f} network {over.mean():.3f} ahead by {beside.difference:+.3f} "
        f"({beside.low:+.3f} to {beside.high:+.3f})   "
        f"{'goes live' if decision.promote else decision.reason.split(':')[0]}   {fitted:.0f} s",
        flush=True,
    )


def make_parts(
    site: str, learned: Sequence[LabelledQuestion], judges: Sequence[LabelledQuestion]
) -> tuple[Dataset, Holdout]:
    """The dataset of what is learned, whose newest tenth validates, and what judges."""
    corpus = read_corpus(site, iter([*learned, *judges]), BranchedNetwork.text)
    older, newest = corpus.cut(len(learned))
    labels = choose_labels(older.tags, None)
    targets = multi_hot(older.tags, labels)
    rows = np.flatnonzero(targets.any(axis=1))
    newer = round(len(rows) * (1 - VALIDATION))
    dataset = Dataset(older, labels, targets, Split(rows[:newer], rows[newer:], rows[:0]))
    return dataset, Holdout(newest, np.arange(len(newest)))


def run_network(
    system: BranchedNetwork, dataset: Dataset, holdout: Holdout, seed: int
) -> EvaluatedModel:
    """Fit the network as `tagger train` does, and let it tag what judges."""
    fitted = system.fit(dataset, seed=seed, reporter=ProgressReporter())
    network = add_post_processing(fitted, dataset)
    point = choose_operating_point(
        dataset.targets[network.validation_rows(dataset)], network.predict_validation(dataset)
    )
    network = replace(network, calibration=point.calibration)
    probabilities = network.probabilities(holdout.corpus, holdout.rows)
    return EvaluatedModel(
        name="candidate",
        description=system.name,
        labels=dataset.labels,
        scores=score(holdout, dataset.labels, probabilities, point.thresholds),
    )


if __name__ == "__main__":
    main()
