"""The systems that can be compared, found in the files of `trainer/systems/`.

A file adds its own by a `COMPARED`: systems by the names that stand in the table. Every
architecture that can be published is there by itself, and those of other projects
(`trainer/systems/peers/`) where they are installed.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import trainer.systems
from core.errors import TrainingError
from trainer.systems import ARCHITECTURES
from trainer.systems.base import System
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.branched.with_encoder import BranchedEncoderNetwork
from trainer.systems.mean import WeightedMean
from trainer.systems.peers import how_to_install, installed_peers
from trainer.systems.word_vectors import PretrainedConv1D
from trainer.teacher.teacher import Teacher

Entry = System | WeightedMean
TAUGHT = "branched-taught"
ENCODER = BranchedEncoderNetwork.name


def catalogue(*, vectors: Path | None = None, teacher: Teacher | None = None) -> dict[str, Entry]:
    """Return all systems by name, means behind what they are means of.

    Args:
        vectors: a file of pretrained word vectors; with one there is a system that uses it.
        teacher: a sentence encoder, which watches the questions that are read; with one there is
            a network that learns from it, and one that reads it, too.
    """
    found: dict[str, Entry] = {
        name: kind() for name, kind in ARCHITECTURES.items() if not kind.needs_teacher
    }
    for module in pkgutil.iter_modules(trainer.systems.__path__):
        own = importlib.import_module(f"trainer.systems.{module.name}")
        found.update(getattr(own, "COMPARED", {}))
    found.update(installed_peers())
    if vectors is not None:
        found[PretrainedConv1D.name] = PretrainedConv1D(file=vectors)
    if teacher is not None:
        found[TAUGHT] = BranchedNetwork(teacher=teacher)
        found[ENCODER] = BranchedEncoderNetwork(teacher=teacher)
    return dict(sorted(found.items(), key=lambda item: isinstance(item[1], WeightedMean)))


def choose(systems: Mapping[str, Entry], names: Sequence[str]) -> dict[str, Entry]:
    """Return the named systems and what they are means of, in the catalogue's order.

    Raises:
        TrainingError: there is no system of that name, or it is not installed.
    """
    for name in names:
        if name not in systems and (needed := how_to_install(name)):
            raise TrainingError(f"{name} is not installed here. To compare it: {needed}")
    if unknown := [name for name in names if name not in systems]:
        raise TrainingError(
            f"There is no system {', '.join(unknown)}. There are: {', '.join(sorted(systems))}."
        )
    wanted = set(names)
    for name in names:
        entry = systems[name]
        if isinstance(entry, WeightedMean):
            wanted |= entry.weights.keys()
    return {name: entry for name, entry in systems.items() if name in wanted}
