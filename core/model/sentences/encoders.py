"""The sentence encoder of this installation, for the models that read one."""

from typing import Final

from core.errors import BundleCorrupt, EncoderMissing, TeacherUnusable
from core.model.sentences.encoder import Encoder, check_packages
from core.model.sentences.files import SETTING, EncoderFiles, find_encoder
from core.model.sentences.reading import SentenceInput
from core.untrusted import one_line

ARCHITECTURE: Final = "branched-encoder"  # of the models that read one


class Encoders:
    """Loads the encoder of the setting when a model first reads it, and keeps it.

    Encoders(settings.teacher).get(sentence_input).encode(...)
    """

    def __init__(self, named: str | None, *, threads: int = 1) -> None:
        """Load nothing yet.

        Args:
            named: the encoder's folder or package; None where there is none.
            threads: by which texts are encoded.
        """
        self._named, self._threads = named, threads
        self._loaded: Encoder | None = None

    def check(self, wanted: SentenceInput) -> EncoderFiles:
        """Look whether the encoder that a model reads is here, without loading it.

        Raises:
            EncoderMissing: it is not.
        """
        if self._named is None:
            raise _missing(wanted, f"{SETTING} names none here")
        try:
            files = find_encoder(self._named)
            digest = files.digest
        except TeacherUnusable as error:
            raise _unusable(wanted, error) from error
        if digest != wanted.encoder:
            other = f"{SETTING} names another one here, {one_line(self._named)} ({digest[:12]})"
            raise _missing(wanted, other)
        return files

    def check_usable(self, wanted: SentenceInput) -> None:
        """Look whether the encoder that a model reads and its packages are here; load nothing.

        Raises:
            EncoderMissing: they are not.
        """
        if self._loaded is not None and self._loaded.digest == wanted.encoder:
            return
        files = self.check(wanted)
        try:
            check_packages()
            _ = files.pools_first_token  # which is read
        except TeacherUnusable as error:
            raise _unusable(wanted, error) from error

    def get(self, wanted: SentenceInput) -> Encoder:
        """Return the encoder that a model reads.

        Raises:
            EncoderMissing: it is not here, or its packages are not.
            BundleCorrupt: its vectors are of another size than the model says.
        """
        if self._loaded is None or self._loaded.digest != wanted.encoder:
            files = self.check(wanted)
            try:
                self._loaded = Encoder(files, threads=self._threads)
            except TeacherUnusable as error:
                raise _unusable(wanted, error) from error
        if self._loaded.size != wanted.length:
            raise BundleCorrupt(
                f"The model takes sentence vectors of {wanted.length} numbers, and its encoder's "
                f"have {self._loaded.size}."
            )
        return self._loaded


NO_ENCODER = Encoders(None)


def _missing(wanted: SentenceInput, seen: str) -> EncoderMissing:
    return EncoderMissing(
        f"The model reads the sentence encoder {one_line(wanted.called)} "
        f"({wanted.encoder[:12]}), and {seen}.",
        f"Set {SETTING} to that encoder wherever questions are tagged, and restart.",
    )


def _unusable(wanted: SentenceInput, error: TeacherUnusable) -> EncoderMissing:
    return EncoderMissing(
        f"The model reads the sentence encoder {one_line(wanted.called)} "
        f"({wanted.encoder[:12]}), which cannot be used here. {error.fault}",
        error.advice,
    )
