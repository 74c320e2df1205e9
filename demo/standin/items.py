"""Questions and sites in the API's JSON, field by field as recorded answers have them.

https://api.stackexchange.com/docs/types/question and /docs/types/site. What a question does not
have is absent from its item, not null.
"""

import re
from collections.abc import Mapping
from typing import Any

from demo.standin.rng import KeyedRng
from demo.standin.site import Migration, Question, Site

LAUNCH_DATE = 1_279_756_800

# What .NET's HtmlEncode turns into entities: these five, and U+00A0 to U+00FF by number.
_ENTITIES = re.compile("[&<>\"'\u00a0-\u00ff]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def escape(text: str) -> str:
    """Text as the API's safe filters give it: `can't` is `can&#39;t`."""
    return _ENTITIES.sub(lambda found: _NAMED.get(found.group(), f"&#{ord(found.group())};"), text)


def question_item(
    question: Question, site: Site, rng: KeyedRng, *, with_body: bool
) -> dict[str, Any]:
    """A question as an item of an answer."""
    item = {
        "tags": [escape(tag) for tag in question.tags],
        "owner": _owner(question, site, rng),
        "is_answered": question.is_answered,
        "view_count": question.view_count,
        "closed_date": question.closed_date,
        "accepted_answer_id": question.accepted_answer_id,
        "answer_count": question.answer_count,
        "score": question.score,
        "locked_date": question.locked_date,
        "last_activity_date": question.last_activity_date,
        "creation_date": question.creation_date,
        "last_edit_date": question.last_edit_date,
        "question_id": question.question_id,
        "content_license": question.content_license,
        "migrated_to": question.migrated_to and _migration(question.migrated_to),
        "link": question.link,
        "closed_reason": question.closed_reason,
        "title": escape(question.title),
        "body": question.body if with_body else None,
    }
    return {name: value for name, value in item.items() if value is not None}


def site_item(site: Site) -> dict[str, Any]:
    """A site as an item of `/sites`."""
    return {
        "site_type": "main_site",
        "name": site.name.replace(".", " ").title(),
        "logo_url": f"{site.url}/logo.png",
        "api_site_parameter": site.name,
        "site_url": site.url,
        "audience": f"people interested in {site.name}",
        "icon_url": f"{site.url}/icon.png",
        "aliases": [],
        "site_state": "normal",
        "launch_date": LAUNCH_DATE,
        "styling": {
            "link_color": "#0077CC",
            "tag_foreground_color": "#3E6D8E",
            "tag_background_color": "#E0EAF1",
        },
    }


def wiki_item(tag: str, excerpt: str, edited: int) -> dict[str, Any]:
    """A tag's wiki as an item of `/tags/{tags}/wikis`; its body only where a filter asks."""
    return {
        "excerpt_last_edit_date": edited,
        "body_last_edit_date": edited,
        "excerpt": escape(excerpt),
        "tag_name": escape(tag),
    }


def _owner(question: Question, site: Site, rng: KeyedRng) -> Mapping[str, Any]:
    if question.owner is not None:
        return {"user_type": "registered", "display_name": escape(question.owner)}
    key = (site.name, question.question_id)
    if rng.chance(0.03, "owner deleted", *key):
        return deleted_owner(question.question_id)
    number = rng.whole((1, 50_000), "owner", *key)
    owner = {
        "reputation": rng.whole((1, 20_000), "reputation", number),
        "user_id": number,
        "user_type": "registered",
        "profile_image": f"https://www.gravatar.com/avatar/{number:032x}?s=256&d=identicon&r=PG",
        "display_name": f"user{number}",
        "link": f"{site.url}/users/{number}/user{number}",
    }
    if rng.chance(0.45, "accept rate", number):
        owner["accept_rate"] = rng.whole((0, 100), "rate", number)
    return owner


def deleted_owner(number: int) -> dict[str, Any]:
    """An author whose account is gone: a name and no `user_id`."""
    return {"user_type": "does_not_exist", "display_name": f"user{number}"}


def _migration(migration: Migration) -> dict[str, Any]:
    return {
        "other_site": {
            "site_type": "main_site",
            "name": migration.site,
            "api_site_parameter": migration.site,
            "site_url": f"https://{migration.site}.com",
        },
        "on_date": migration.on_date,
        "question_id": migration.question_id,
    }
