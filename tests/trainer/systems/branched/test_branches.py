"""The parts that are fitted one after another."""

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.made_up import NARROW, made_up_dataset
from trainer.progress import ProgressReporter
from trainer.systems.branched.branches import first_pass, fit_readers, part_names
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.embeddings import make_tables
from trainer.systems.branched.encoded_dataset import prepare
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.networks.keras_setup import import_keras, make_deterministic


def test_every_part_is_fitted_twice_under_names_of_its_own_the_convolutions_last() -> None:
    once, again = part_names(3)[:5], part_names(3)[5:]
    assert once == ["terms", "reader 1 of 3", "reader 2 of 3", "reader 3 of 3", "convolutions"]
    assert again == [f"{name} again" for name in once]


def test_of_a_cross_validated_site_a_part_is_fitted_to_all_and_without_each_fold() -> None:
    once, folds = part_names(1, folds=2)[:2], part_names(1, folds=2)[2:]
    assert once == ["terms", "reader 1 of 1"]
    assert folds == [f"{name} without fold {number} of 2" for number in (1, 2) for name in once]


@pytest.mark.slow(5)
@pytest.mark.training
@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_readers_of_the_first_pass_are_those_of_the_last_epoch_as_in_the_second() -> None:
    """Else the stacking weights would be fitted to other logits than they are served with."""
    dataset = made_up_dataset(150)
    many = replace(NARROW.fit, reader_epochs=20, reader_steps=1, reader_rate=0.05)
    hyperparameters = replace(NARROW, fit=many)
    encoded = prepare(dataset, hyperparameters)
    learned = first_pass(encoded)
    encoded.tags[encoded.validation] ^= 1  # the more is learned, the worse
    tables = make_tables(dataset.corpus, encoded, hyperparameters, seed=3)
    kept = []
    with document_vectors(encoded, tables, None) as documents:
        for validation in (learned.validation, learned.validation[:0]):
            make_deterministic(import_keras(), 3)
            run = FittingRun(encoded, hyperparameters, 3, ProgressReporter(), None)
            heads = fit_readers(run, documents, replace(learned, validation=validation))
            kept.append([weight for head in heads for weight in head.get_weights()])
            if len(validation):
                losses = [epoch.val_loss for epoch in run.epochs]
                assert min(losses) < losses[-1]
    for here, there in zip(*kept, strict=True):
        np.testing.assert_array_equal(here, there)
