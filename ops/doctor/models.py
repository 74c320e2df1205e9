"""Models: which sites have none and why, and what is not tagged in spite of one."""

from collections.abc import Iterator

from core.database.engine import reading
from core.errors import BundleForeign, BundleIncompatible, BundleRefused, EncoderMissing
from core.model.bundle import verify
from core.model.bundle_store import open_parts
from core.model.packed.members import hash_bundle
from core.model.registry import Version, find_previous
from core.model.sentences.encoders import Encoders
from core.questions.training_lock import DIED, STOPPED
from core.service.health import LONGEST_PENDING
from core.service.status import SiteStatus
from core.settings import Settings
from core.wording import counted
from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding

SUBJECT = "models"


def check_models(context: CheckContext) -> Iterator[Finding]:
    """Look at each site's live model, or for the reason why there is none."""
    state = context.state()
    for site in state.sites:
        if site.live is not None:
            yield _with_model(context, site.live)
        else:
            yield _without_model(site, context.settings)
    for drift in state.drifts:
        seen = f"{drift.site}: version {drift.version} drifts: {drift.description}"
        fix = f"Train a new one: tagger train --site {drift.site}"
        yield Finding(SUBJECT, "warning", seen, fix)


def _with_model(context: CheckContext, live: Version) -> Finding:
    """Whether workers take a site's live model: they go on with one of before where they do not."""
    name = f"{live.site}: version {live.version}"
    try:
        _read(context, live)
    except BundleRefused as error:
        return _refused(context, live, error)
    return Finding(SUBJECT, "ok", f"{name} ({live.architecture}) is live")


def _read(context: CheckContext, live: Version) -> None:
    """Read a bundle as workers do before they unpack it.

    Where it stands: `/tmp` of a worker's container is of the memory that the worker may take, as
    would be the network of a sentence encoder, which is not loaded.

    Raises:
        BundleRefused: they would refuse it.
    """
    with reading(context.database()) as connection:
        packed = open_parts(connection, live.id, live.size)
        manifest = verify(packed, hash_bundle(packed), site=live.site, sha256=live.sha256)
    if manifest.sentence is not None:
        Encoders(context.settings.teacher).check_usable(manifest.sentence)


def _refused(context: CheckContext, live: Version, error: BundleRefused) -> Finding:
    """That workers refuse a live version, why, what tags instead, and what puts it right."""
    with reading(context.database()) as connection:
        previous = find_previous(connection, live.site)
    meanwhile = "nothing is tagged" if previous is None else "workers go on with an earlier one"
    seen = f"the bundle of version {live.version}, the live one, {_why(error)}: {meanwhile}"
    again, back = f"tagger train --site {live.site}", f"tagger models rollback --site {live.site}"
    if isinstance(error, EncoderMissing):
        again += " --promote"  # the gate could not compare with it
        fix = "Name it in TAGGER_TEACHER on every host, or train a new one in its place"
    elif isinstance(error, BundleIncompatible):
        fix = "Install on every host the version of the program that made it, or train a new one"
    else:
        fix = "Train a new one"
    if previous is None:
        fix = f"{fix}: {again}"
    else:
        fix = f"{fix} ({again}), or go back to version {previous.version}: {back}"
    return Finding(SUBJECT, "error", f"{live.site}: {seen}", fix)


def _why(error: BundleRefused) -> str:
    if isinstance(error, EncoderMissing):
        return f"is refused on this machine ({error})"
    if isinstance(error, BundleIncompatible):
        return "has a format that this version of the program does not read"
    return "is another site's" if isinstance(error, BundleForeign) else "is damaged"


def _without_model(site: SiteStatus, settings: Settings) -> Finding:
    """Why a site has no live model, and what makes one."""
    name, run = site.site, site.last_training
    if site.waiting is not None:
        seen = (
            f"no live model: version {site.waiting.version} was kept back: {site.waiting.decision}"
        )
        fix = f"Take it all the same: tagger models promote --site {name} {site.waiting.version}"
    elif run is not None and run.outcome is None:
        seen = f"no live model yet: a training runs since {run.started_at:%Y-%m-%d %H:%M}"
        fix = "Wait for it; it shows in: tagger status"
    elif run is not None and run.outcome == "failed":
        seen = f"no live model: the last training failed: {run.error}"
        begin = "Start it again" if run.error in {DIED, STOPPED} else "Put that right, then"
        fix = f"{begin}: tagger train --site {name}"
    elif (missing := settings.min_questions - (site.trainable or 0)) > 0:
        seen = f"no live model: it takes {counted(missing, 'more settled question')}"
        fix = f"Fetch past ones, or import a dump: tagger history --site {name}"
    else:
        seen = "no live model: there are questions enough, and no training has begun"
        fix = (
            f"A trainer and the scheduler do it by themselves; manually: tagger train --site {name}"
        )
    return Finding(SUBJECT, "warning", f"{name}: {seen}", fix)


def check_tagging(context: CheckContext) -> Iterator[Finding]:
    """Look for questions that cannot be tagged, or wait for long with a model that could."""
    state = context.state()
    for site in state.sites:
        name = site.site
        if site.parked:
            seen = f"{name}: questions that cannot be tagged: {site.parked:,}"
            yield Finding("tagging", "warning", seen, f"See why: tagger parked list --site {name}")
        waited = state.at - site.oldest_pending if site.oldest_pending else None
        if site.live is not None and waited is not None and waited > LONGEST_PENDING:
            seen = f"{name}: a question has been pending for {waited.total_seconds() / 60:,.0f} min"
            fix = "More processes: TAGGER_WORKER_PROCESSES, or on another host: tagger worker"
            yield Finding("tagging", "warning", seen, fix)
