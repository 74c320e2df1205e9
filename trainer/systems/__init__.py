"""The systems that can be trained, each in a file of its own.

An *architecture* is a system that gives a Keras network, so that it can be published; `tagger
train --architecture` and `TAGGER_ARCHITECTURE` take its name.
"""

from collections.abc import Mapping
from typing import Final

from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.branched.with_encoder import BranchedEncoderNetwork
from trainer.systems.conv1d import Conv1DNetwork
from trainer.systems.networks.network import NetworkSystem
from trainer.systems.simple import SimpleNetwork

ARCHITECTURES: Final[Mapping[str, type[NetworkSystem]]] = {
    architecture.name: architecture
    for architecture in (BranchedNetwork, BranchedEncoderNetwork, Conv1DNetwork, SimpleNetwork)
}
