"""What people pick instead: classifiers of other projects, compared where they are installed.

fastText and Omikuji come with the extra `peers`. Annif pins versions that the trainer cannot take:
its program stands in an environment of its own, and is run where it is on the path. They are rows
of `tagger compare`, and never published.
"""

from collections.abc import Mapping
from typing import Final

from trainer.systems.base import System
from trainer.systems.peers.annif import Annif
from trainer.systems.peers.fast_text import FastText
from trainer.systems.peers.omikuji import OmikujiBonsai
from trainer.systems.peers.peer import PeerSystem

PEERS: Final[tuple[PeerSystem, ...]] = (FastText(), OmikujiBonsai(), Annif())


def installed_peers() -> Mapping[str, System]:
    """Return the peers that can be trained here, by name."""
    return {peer.name: peer for peer in PEERS if peer.is_installed()}


def how_to_install(name: str) -> str | None:
    """Return what a peer takes that is not here; None if it is here, or there is no such peer."""
    missing = (peer for peer in PEERS if peer.name == name and not peer.is_installed())
    return next((peer.installation for peer in missing), None)
