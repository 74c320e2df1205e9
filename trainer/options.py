"""What can be chosen for a training run."""

from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from core.errors import TrainingError
from core.settings import DEFAULTS, Retag, Settings
from trainer.data.dataset import DatasetOptions
from trainer.systems import ARCHITECTURES
from trainer.systems.networks.network import NetworkSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What can be chosen for a run.

    Attributes:
        architecture: a name of ARCHITECTURES.
        top_tags: how many of the site's tags are learned; None for all of some uses.
        min_questions: a site with fewer tagged questions is refused.
        class_weights: whether they multiply the loss; None leaves it to the architecture.
        epochs: at most; None leaves it to the architecture.
        seed: of the network's random numbers.
        resume: a folder of training checkpoints, by which a run that was killed is resumed; None
            keeps none.
        fresh: whether the training starts from scratch, and the checkpoints there are removed.
        settle: how old a question must be for its author's tags to be relied on.
        most_questions: that are read, the newest.
        new_questions: how many must have come since the last run, or this one is skipped; None
            skips none.
        teacher: a sentence encoder that the branched networks learn from, by its folder or
            package; None for none.
        teacher_folder: for its vectors of questions, which the next training need not make.
        promote: whether the version goes live; None leaves it to the gate.
        confidence: how sure the gate must be that the candidate is ahead.
        min_precision: of each tag's suggestions; None chooses thresholds by F1.
        retag: which tagged questions a promoted version tags again.
        retag_recent: how far back `recent` reaches.
        keep_versions: how many of the newest are kept beside the live one.
    """

    architecture: str = DEFAULTS.architecture
    top_tags: int | None = DEFAULTS.top_tags
    min_questions: int = DEFAULTS.min_questions
    class_weights: bool | None = None
    epochs: int | None = None
    seed: int = 0
    resume: Path | None = None
    fresh: bool = False
    settle: timedelta = timedelta(days=DEFAULTS.settle_days)
    most_questions: int = DEFAULTS.training_questions
    new_questions: int | None = None
    teacher: str | None = None
    teacher_folder: Path = DEFAULTS.data_dir / "teacher"
    promote: bool | None = None
    confidence: float = DEFAULTS.gate_confidence
    min_precision: float | None = DEFAULTS.min_precision
    retag: Retag = DEFAULTS.retag
    retag_recent: timedelta = timedelta(days=DEFAULTS.retag_days)
    keep_versions: int = DEFAULTS.keep_versions

    @property
    def has_teacher(self) -> bool:
        """Whether there is one, and the architecture learns from it."""
        taught = {field.name for field in fields(ARCHITECTURES[self.architecture])}
        return self.teacher is not None and "teacher" in taught

    def system(self, teacher: Any = None) -> NetworkSystem:
        """The architecture with its hyperparameters.

        Args:
            teacher: that it learns from, opened; None for none.

        Raises:
            TrainingError: it knows no class weights, or takes a teacher and there is none.
        """
        architecture = ARCHITECTURES[self.architecture]
        chosen: dict[str, Any] = {
            "class_weights": self.class_weights,
            "epochs": self.epochs,
            "teacher": teacher,
        }
        given = {name: value for name, value in chosen.items() if value is not None}
        if given.keys() - {field.name for field in fields(architecture)}:
            raise TrainingError(
                f"The architecture {self.architecture} is trained without class weights; those of "
                "the article take them: conv1d, simple."
            )
        return architecture(**given)

    @property
    def dataset(self) -> DatasetOptions:
        """What of it shapes the dataset."""
        return DatasetOptions(top_tags=self.top_tags, min_questions=self.min_questions)

    @classmethod
    def of(cls, settings: Settings, **chosen: Any) -> Self:
        """Take from the settings what is not chosen.

        Args:
            settings: of the installation.
            chosen: attributes by name; None leaves one as it is.
        """
        given = {name: value for name, value in chosen.items() if value is not None}
        of_settings: dict[str, Any] = {
            "architecture": settings.architecture,
            "top_tags": settings.top_tags,
            "min_questions": settings.min_questions,
            "settle": timedelta(days=settings.settle_days),
            "most_questions": settings.training_questions,
            "teacher": settings.teacher,
            "teacher_folder": settings.data_dir / "teacher",
            "confidence": settings.gate_confidence,
            "min_precision": settings.min_precision,
            "retag": settings.retag,
            "retag_recent": timedelta(days=settings.retag_days),
            "keep_versions": settings.keep_versions,
        }
        return cls(**(of_settings | given))
