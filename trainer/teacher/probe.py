"""Whether the teacher of the setting can be used on this machine; it is not loaded for that."""

from core.model.sentences.encoder import check_packages
from core.model.sentences.files import find_encoder
from trainer.systems.networks.keras_setup import check_installed


def probe_teacher(named: str) -> str:
    """Look at a teacher's files, at its packages and at the trainer's, and return its network.

    Args:
        named: a folder, or an installed package.

    Raises:
        TrainerNotInstalled: nothing is trained on this machine.
        TeacherUnusable: it has not all of its files, one cannot be read, or packages are missing.
    """
    check_installed()
    files = find_encoder(named)
    check_packages()
    _ = files.digest, files.pools_first_token  # which read them all
    return str(files.model)
