"""A stand-in of the StackExchange API 2.3: any set of questions, a clock of one's own, and teeth.

`timeline` spreads questions of files over time, `site` holds them, and `api.StandIn` answers.
`adapter` puts a `requests` session on it, `server` a port.
"""

from demo.standin.api import StandIn
from demo.standin.faults import Failure, Faults, ItemFault, Preset, Scheduled
from demo.standin.limits import Limits, Rule, Violation
from demo.standin.site import Change, Listing, Question, Site
from demo.standin.timeline import Life, Release, site_of
from demo.standin.wire import HttpAnswer, HttpRequest

__all__ = [
    "Change",
    "Failure",
    "Faults",
    "HttpAnswer",
    "HttpRequest",
    "ItemFault",
    "Life",
    "Limits",
    "Listing",
    "Preset",
    "Question",
    "Release",
    "Rule",
    "Scheduled",
    "Site",
    "StandIn",
    "Violation",
    "site_of",
]
