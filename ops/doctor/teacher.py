"""The teacher: whether trainings on this machine can use what TAGGER_TEACHER names."""

from collections.abc import Iterator

from core.errors import TeacherUnusable, TrainerNotInstalled
from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding, from_error

SUBJECT = "teacher"


def check_teacher(context: CheckContext) -> Iterator[Finding]:
    """Look at its files and packages, where models are trained on this machine."""
    needs_one = context.settings.architecture == "branched-encoder"
    try:
        network = context.teacher()
    except TrainerNotInstalled:
        seen = "not looked at: nothing is trained on this machine, which has no trainer"
        yield Finding(SUBJECT, "ok", seen)
    except TeacherUnusable as error:
        yield from_error(SUBJECT, error)
    else:
        if context.settings.teacher is None and needs_one:
            seen = (
                "none is set (TAGGER_TEACHER), and TAGGER_ARCHITECTURE branched-encoder needs one"
            )
            fix = "Set TAGGER_TEACHER to the encoder's folder or package, or another architecture."
            yield Finding(SUBJECT, "error", seen, fix)
            return
        seen = f"trainings use {network}" if network else "none is set (TAGGER_TEACHER)"
        yield Finding(SUBJECT, "ok", seen)
