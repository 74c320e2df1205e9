from datetime import timedelta
from typing import get_args

import pytest

from core.errors import TrainingError
from core.settings import Architecture, Settings
from trainer.options import TrainingOptions
from trainer.systems import ARCHITECTURES


def test_what_is_chosen_stands_above_the_settings_and_none_leaves_it_to_them() -> None:
    settings = Settings(top_tags=50, settle_days=7, keep_versions=3, architecture="simple")
    options = TrainingOptions.of(settings, top_tags=20, keep_versions=None, promote=False)
    assert (options.top_tags, options.keep_versions, options.promote) == (20, 3, False)
    assert options.settle == timedelta(days=7)
    assert options.architecture == "simple"


def test_without_settings_the_defaults_are_the_same() -> None:
    assert TrainingOptions.of(Settings()) == TrainingOptions()


def test_the_setting_takes_each_architecture_that_can_be_trained() -> None:
    assert set(get_args(Architecture)) == set(ARCHITECTURES)


def test_the_dataset_is_shaped_by_its_options() -> None:
    dataset = TrainingOptions(top_tags=7, min_questions=70).dataset
    assert (dataset.top_tags, dataset.min_questions) == (7, 70)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_epochs_that_are_not_chosen_are_left_to_the_architecture(name: str) -> None:
    assert TrainingOptions(architecture=name).system() == ARCHITECTURES[name]()
    chosen = TrainingOptions(architecture=name, epochs=3).system()
    assert chosen == ARCHITECTURES[name](epochs=3)


def test_class_weights_are_refused_where_the_architecture_has_none() -> None:
    with pytest.raises(TrainingError, match="branched is trained without class weights"):
        TrainingOptions(class_weights=True).system()
