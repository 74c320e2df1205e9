"""What one part can ask and another tells people; the command line brings the two together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from core.clock import Clock
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class ApiProbe:
    """What the API answers to one request.

    Attributes:
        client: whom it takes us for: its host, and which key; shows no key.
        quota_max: requests a day; None where it does not say.
        quota_remaining: requests left today.
        server_time: of its clock, UTC; None where it does not say.
        asked_at: when the answer came by this machine's clock, UTC.
    """

    client: str
    quota_max: int | None
    quota_remaining: int | None
    server_time: datetime | None
    asked_at: datetime


# Raises the ApiError of what is wrong; without an engine there is no record of earlier requests.
AskApi = Callable[[Settings, Engine | None, Clock], ApiProbe]

# From what TAGGER_TEACHER names to its network; raises TeacherUnusable or TrainerNotInstalled.
ProbeTeacher = Callable[[str], str]

# By the name of what is asked: an AskApi as `api`, a ProbeTeacher as `teacher`.
probes: dict[str, Callable[..., Any]] = {}
