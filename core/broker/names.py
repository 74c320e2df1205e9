"""The queues' names, for whoever needs no more than them: Celery takes a tenth of a second."""

from typing import Final

TAGGING_QUEUE: Final = "tagging"
TRAINING_QUEUE: Final = "training"
