"""Everything that can go wrong, in one tree.

TaggerError                     one line for a person: what, where, what to do
├── SettingsError               a setting has a wrong value
├── DatabaseError
│   ├── DatabaseUnreachable     no answer; services wait and try again
│   ├── DatabaseMissing         there is none where a command that only reads looked
│   ├── SchemaOutdated          the tables are older or newer than the program
│   ├── DatabaseForbidden       its user may not do that
│   └── BackupError
│       ├── BackupFailed        a backup cannot be written
│       └── BackupRefused       one that is damaged or too new, or a database that is in use
├── BrokerUnreachable           no answer; nothing is lost, the sweep enqueues again
│   └── BrokerRefused           it answers, and does not do what it was asked
├── ApiError                    the StackExchange API
│   ├── ApiUnreachable          no answer, or none that can be read; worth another try
│   │   └── ApiNotConnected     no connection was made: the API knows of no request
│   ├── ApiContradiction        answers that say there is more and bring nothing
│   ├── ApiRefused              an error in the API's own format, with its error_id
│   │   ├── ApiKeyRefused       it does not know TAGGER_API_KEY, or no more
│   │   ├── ApiUnavailable      it is out of order for the moment
│   │   └── ApiThrottled        it asks for a pause, and may say for how long
│   └── ApiPaused               a backoff or an empty quota forbids the request for a known time
│       └── ApiRepeated         an identical one was made less than a minute ago
├── UnknownSite                 the site does not exist, or holds no questions here
├── UnknownTag                  no question here has the tag, from its author or a model
├── ImportFailed                a file that cannot be read as questions
│   └── SiteNotGiven            it does not say of which site they are, and nobody else does
├── ModelError
│   ├── ModelMissing            the site has no live model version
│   │   └── NoPreviousVersion   it has one, and none that it could go back to
│   ├── UnknownModelVersion     the registry does not hold that version
│   ├── LiveVersionMoved        another version went live while a command was at it
│   ├── VersionPruned           the registry holds its figures, but its bundle no more
│   ├── CacheUnusable           the folder of unpacked bundles cannot be used
│   ├── ExportFailed            a bundle, a report or a cursor cannot be written to a file
│   └── BundleRefused           a bundle that does not verify
│       ├── BundleCorrupt       its bytes are not what they should be
│       ├── BundleIncompatible  its format is of another version of the program
│       ├── BundleForeign       it belongs to another site
│       └── EncoderMissing      it reads a sentence encoder that is not here
├── TrainingError
│   ├── NotEnoughQuestions      questions that nothing can be learned from
│   │   └── TooFewQuestions     fewer than are asked for, and how many are missing
│   ├── TrainingInProgress      another run is at the site's model
│   ├── NoReport                a training run left none, or there was no such run
│   ├── TrainerNotInstalled     the extra `trainer` (TensorFlow) is not here
│   └── TeacherUnusable         TAGGER_TEACHER names no sentence encoder that can be used
├── BackfillError
│   ├── BackfillRefused         its folder or its model is not what it should be
│   ├── ClusterFailed           Ray does not start, or a machine of its cluster failed
│   └── ScaleNotInstalled       the extra `scale` (Ray, Parquet) is not here
├── ReviewError                 a reviewer's request that cannot be done
│   ├── UnknownQuestion         the site's questions here do not hold it
│   ├── UnknownAction           the reviewer has no such decision, or none that could be undone
│   ├── UnknownFilter           the reviewer has saved no filter of that name
│   ├── UnknownWebhook          there is no webhook of that number
│   ├── WrongCursor             what says where a page begins says nothing
│   └── ReviewConflict          what stands by now forbids it, and its text says what
└── ServiceFailed               a process that should run does not start or stay up
"""

from datetime import datetime


class TaggerError(Exception):
    """The root: its text is one line that says what was wrong, where, and what to do.

        raise SchemaOutdated("The tables are at revision 0099.", "Install the newer version.")

    Where core raises it, it names no command: what to type is added by the command line's hints.

    Attributes:
        fault: what was wrong, and where: in whole sentences.
        advice: what to do about it, the same; empty where the fault says that too.
    """

    def __init__(self, fault: str = "", advice: str = "") -> None:
        super().__init__(*(part for part in (fault, advice) if part))
        self.fault, self.advice = fault, advice

    def __str__(self) -> str:
        return " ".join(map(str, self.args))


class SettingsError(TaggerError):
    """A setting has a value that it does not take."""


class DatabaseError(TaggerError):
    """The database cannot be used."""


class DatabaseUnreachable(DatabaseError):
    """The database gives no answer."""


class DatabaseMissing(DatabaseError):
    """There is no database, and a command that only reads makes none."""


class SchemaOutdated(DatabaseError):
    """The database's tables are not those of this version of the program."""


class DatabaseForbidden(DatabaseError):
    """The database's user may not do that."""


class BackupError(DatabaseError):
    """A backup cannot be taken, or not be taken back."""


class BackupFailed(BackupError):
    """A backup cannot be written."""


class BackupRefused(BackupError):
    """A backup is damaged or of a newer program, or the database holds something already."""


class BrokerUnreachable(TaggerError):
    """The broker gives no answer."""


class BrokerRefused(BrokerUnreachable):
    """The broker answers: it refuses the login, or a queue as the program has it."""


class ApiError(TaggerError):
    """The StackExchange API did not do what it was asked."""


class ApiUnreachable(ApiError):
    """No answer came, or none that can be read."""


class ApiNotConnected(ApiUnreachable):
    """No connection was made, so the API knows of no request."""


class ApiContradiction(ApiError):
    """Answers that can be read, and contradict themselves: asking on would bring nothing."""


class ApiRefused(ApiError):
    """The API answered with an error of its own.

    Attributes:
        error_id: the API's number for it, as 502 for a throttle violation.
        error_name: the API's name for it.
        backoff: seconds for which the method must not be asked, where the answer says so.
    """

    def __init__(
        self, message: str, *, error_id: int, error_name: str, backoff: float | None = None
    ) -> None:
        super().__init__(message)
        self.error_id, self.error_name = error_id, error_name
        self.backoff = backoff


class ApiKeyRefused(ApiRefused):
    """The API does not know the key, or no more: no request would be answered."""


class ApiUnavailable(ApiRefused):
    """The API says that it is out of order for the moment."""


class ApiThrottled(ApiRefused):
    """The API asks for a pause.

    Attributes:
        seconds: for how long, where it says so.
    """

    def __init__(
        self, message: str, *, error_id: int, error_name: str, seconds: float | None
    ) -> None:
        super().__init__(message, error_id=error_id, error_name=error_name)
        self.seconds = seconds


class ApiPaused(ApiError):
    """The client must not ask before a known time.

    Attributes:
        until: when it may ask again (UTC).
        reason: a PauseReason, maybe of another version; empty where it is the program's own rule.
    """

    def __init__(self, message: str, *, until: datetime, reason: str = "") -> None:
        super().__init__(message)
        self.until, self.reason = until, reason


class ApiRepeated(ApiPaused):
    """An identical request was made less than a minute ago; another one may be made."""


class UnknownSite(TaggerError):
    """No such site."""


class UnknownTag(TaggerError):
    """No such tag."""


class ImportFailed(TaggerError):
    """A file cannot be read as questions."""


class SiteNotGiven(ImportFailed):
    """A file does not say of which site its questions are."""


class ModelError(TaggerError):
    """A model version cannot be used."""


class ModelMissing(ModelError):
    """The site has no live model version; `site` says which."""

    def __init__(self, message: str, *, site: str = "") -> None:  # no site: to be unpickled
        super().__init__(message)
        self.site = site


class NoPreviousVersion(ModelMissing):
    """The site has no version that it could go back to."""


class UnknownModelVersion(ModelError):
    """The registry holds no such version."""


class LiveVersionMoved(ModelError):
    """Another version went live since the command looked."""


class VersionPruned(ModelError):
    """The version's bundle has been deleted."""


class CacheUnusable(ModelError):
    """The folder of unpacked bundles cannot be used."""


class ExportFailed(ModelError):
    """A bundle or a report cannot be written to a file."""


class BundleRefused(ModelError):
    """A model bundle does not verify."""


class BundleCorrupt(BundleRefused):
    """The bundle's bytes are not what they should be."""


class BundleIncompatible(BundleRefused):
    """The bundle's format belongs to another version of the program."""


class BundleForeign(BundleRefused):
    """The bundle belongs to another site."""


class EncoderMissing(BundleRefused):
    """The model reads a sentence encoder that is not here."""


class TrainingError(TaggerError):
    """No model could be trained."""


class NotEnoughQuestions(TrainingError):
    """The site has too few questions or tags to train on."""


class TooFewQuestions(NotEnoughQuestions):
    """The site has fewer tagged questions than the settings ask for."""


class TrainingInProgress(TrainingError):
    """Another process is training a model for the site."""


class NoReport(TrainingError):
    """There is no report of such a training run."""


class TrainerNotInstalled(TrainingError):
    """The packages of the extra `trainer` are not installed."""


class TeacherUnusable(TrainingError):
    """TAGGER_TEACHER names no sentence encoder that can be used here."""


class BackfillError(TaggerError):
    """Question files could not be tagged at once."""


class BackfillRefused(BackfillError):
    """The folder holds something else, or the registry does not hold the model."""


class ClusterFailed(BackfillError):
    """Ray does not start, or stopped."""


class ScaleNotInstalled(BackfillError):
    """The packages of the extra `scale` are not installed."""


class ReviewError(TaggerError):
    """What a reviewer asks for cannot be done."""


class UnknownQuestion(ReviewError):
    """There is no such question here."""


class UnknownAction(ReviewError):
    """The reviewer has made no such decision, or none that could be undone."""


class UnknownFilter(ReviewError):
    """The reviewer has saved no filter of that name."""


class UnknownWebhook(ReviewError):
    """There is no webhook of that number."""


class WrongCursor(ReviewError):
    """What is to say where a page begins says nothing."""


class ReviewConflict(ReviewError):
    """What stands by now forbids it."""


class ServiceFailed(TaggerError):
    """A process that should run does not start, or does not stay up."""
