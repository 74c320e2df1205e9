"""The names by which people call a site, and the one that the API gives it.

The API's name is `stats` for stats.stackexchange.com and `es.meta.stackoverflow` for
es.meta.stackoverflow.com (`api_site_parameter` of https://api.stackexchange.com/docs/sites). People
name a site by its address, by its dump, or with capitals; all of that is one site.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from core.wording import near, near_matches

EXPECTED: Final = "the API's name of a site, such as stats, or its address"

_OWN_DOMAINS: Final = ("stackoverflow", "serverfault", "superuser", "askubuntu", "stackapps")
_MATHOVERFLOW: Final = "mathoverflow.net"  # its name in the API is its domain
_NETWORK: Final = "stackexchange"
_NETWORK_FOR_SHORT: Final = "se"
_LANGUAGES: Final = ("es", "ja", "pt", "ru")  # of Stack Overflow
_SERVICES: Final = ("api", "area51", "chat", "data", "openid", "stackauth", "www")  # no sites
_CALLED: Final = {  # names and addresses that people know, and the API's names
    "programmers": "softwareengineering",
    "video": "avp",
    "writers": "writing",
    "cogsci": "psychology",
    "health": "medicalsciences",
    "beer": "alcohol",
    "moderators": "communitybuilding",
    "materials": "mattermodeling",
    "crossvalidated": "stats",
    "arqade": "gaming",
    "seasonedadvice": "cooking",
    "askdifferent": "apple",
    "askpatents": "patents",
    "miyodeya": "judaism",
    "metastackexchange": "meta",
    "metastackoverflow": "meta.stackoverflow",
    "mathoverflow": _MATHOVERFLOW,
    "so": "stackoverflow",
    "su": "superuser",
    "sf": "serverfault",
}
_BRANDS: Final = ("arqade", "askdifferent", "crossvalidated", "miyodeya", "seasonedadvice")  # .com
_ADDRESSES: Final = {"avp": "video"}  # of sites whose addresses do not follow from their names

# The sites of the network in 2026, and some that are closed, whose dumps people have.
_SITES: Final = frozenset(
    re.findall(
        r"\w+",
        """
    3dprinting academia ai alcohol android anime apple arduino astronomy augur aviation avp
    bicycles bioacoustics bioinformatics biology bitcoin blender boardgames bricks buddhism
    cardano chemistry chess chinese christianity civicrm codegolf codereview coffee
    communitybuilding computergraphics conlang cooking craftcms crafts crypto cs cseducators
    cstheory datascience dba devops diy drones drupal dsp earthscience ebooks economics
    electronics elementaryos ell emacs engineering english eosio esperanto ethereum expatriates
    expressionengine fitness freelancing french gamedev gaming gardening genai genealogy german
    gis graphicdesign ham hardwarerecs hermeneutics hinduism history homebrew hsm interpersonal
    iot iota islam italian japanese joomla judaism korean langdev languagelearning latin law
    libraries lifehacks linguistics literature magento martialarts math matheducators
    mathematica mattermodeling mechanics medicalsciences meta monero money movies music
    musicfans mythology networkengineering opendata opensource or outdoors parenting patents
    pets philosophy photo physics pm poker politics portuguese proofassistants psychology
    puzzling quant quantumcomputing raspberrypi retrocomputing reverseengineering robotics rpg
    rus russian salesforce scicomp scifi security sharepoint sitecore skeptics
    softwareengineering softwarerecs solana space spanish sports sqa startups stats stellar
    substrate sustainability tex tezos tor travel tridion ukrainian unix ux vegetarianism vi
    webapps webmasters windowsphone woodworking wordpress workplace worldbuilding writing
    """,
    )
)

_LONGEST: Final = 100
_SIMILAR: Final = 0.65  # from which similarity on a name may have been meant by another
_ALIKE: Final = 0.8  # from which on it is hardly a name of its own
_WORD: Final = 4  # from so many characters on, a name may stand in one
_MOST_NEAR: Final = 3
_NAME = re.compile(r"[a-z0-9]+(?:[.-]+[a-z0-9]+)*")
_BEFORE_HOST = re.compile(r"^(?:[a-z]+:)?//(?:[^/@]*@)?")
_BEFORE_NAME = re.compile(  # a search engine's word; the folders of a dump, which is no web page
    r"^(?:site:|(?:[a-z]:)?[^?#]*[/\\](?=[^/\\?#]*\.(?:com|net)(?:[-_.]?posts)?(?:\.(?:7z|zip|xml))*$))"
)
_BEHIND_HOST = re.compile(r"[/?#\\:].*$", re.DOTALL)
_DUMP = re.compile(r"(?:-[a-z]+)?\.(?:7z|zip|xml|torrent)$")  # a large site's are one a table
_AROUND: Final = " \t\r\n\"'\u2018\u2019\u201c\u201d"  # quotes, which not every shell takes away
_API_ADDRESS = re.compile(r"(?:https?://)?api\.stackexchange\.com/[^#]*[?&]site=([a-z0-9.-]+)")
_TEAM = re.compile(r"(?:https?://)?stackoverflow(?:teams)?\.com/c/")


def site_name(given: str) -> str:
    """Return the API's name of a site, however a person names it.

        site_name("https://Stats.StackExchange.com/questions")  # "stats"

    A name that does not resemble the network's is passed: whether there is such a site, here or in
    the network, `core/database/known_sites.py` tells.

    Raises:
        ValueError: it is no site's name, or almost an address of the network's; says which may
            have been meant.
    """
    text = given.strip(_AROUND).lower().rstrip("/\\")
    asked = _API_ADDRESS.match(text)
    if asked is not None:
        return site_name(asked[1])
    if _TEAM.match(text):
        raise ValueError(f"{given[:60]!r} is a private team, and no site; give a name of your own")
    text = _BEFORE_HOST.sub("", text) if _BEFORE_HOST.match(text) else _BEFORE_NAME.sub("", text)
    if "." in text:  # an address, which may have a path
        text = _DUMP.sub("", _BEHIND_HOST.sub("", text)).strip(".")
    joined = re.sub(r"[\s_-]+", "", text)
    text = joined if joined in _OWN_DOMAINS or joined in _CALLED or joined in _SITES else text
    host = re.sub(r"^(?:www|m|mobile)\.(?=.+\.)", "", text)
    if not host.isascii() or len(host) > _LONGEST or _NAME.fullmatch(host) is None:
        raise ValueError(f"{given[:60]!r} is not {EXPECTED}")
    name = _name_of(host)
    if name is None:
        matches = near_matches(_near(host))
        raise ValueError(f"{given[:60]!r} is no site of Stack Exchange's{matches}; give {EXPECTED}")
    return name


def is_site_of_network(site: str) -> bool:
    """Whether the network has a site of this name, as far as is known without asking the API.

    Args:
        site: as site_name() returns it.
    """
    labels = [label for label in site.split(".") if label != "meta"] or [site]
    if labels[0] in _SITES:
        return site in (labels[0], f"{labels[0]}.meta")
    languages = [[language, "stackoverflow"] for language in _LANGUAGES]
    return (
        site.removeprefix("meta.") == _MATHOVERFLOW
        or labels in [[own] for own in _OWN_DOMAINS]
        or labels in languages
    )


def is_alike(site: str, others: Iterable[str] = ()) -> bool:
    """Whether a name is nearly that of another site: `statz`, but not `stats2` or `pumps`.

    Args:
        site: which is none of the network's.
        others: sites besides the network's.
    """
    name = site.removesuffix(".meta")
    if len(name) < _WORD or not name.replace(".", "").isalpha():
        return False
    return bool(get_close_matches(name, list(_called(others)), n=1, cutoff=_ALIKE))


def near_sites(site: str, others: Iterable[str] = ()) -> list[str]:
    """What may have been meant by a name: sites of the network, names that people know, others."""
    called = _called(others)
    close = near(site, called, most=6, similar=_SIMILAR)
    within = [name for name in sorted(called) if len(name) >= _WORD and name in site]
    return list(dict.fromkeys(called[name] for name in (*close, *within)))[:_MOST_NEAR]


def _called(others: Iterable[str]) -> dict[str, str]:
    """By what sites are called, their names."""
    called = {name: name for name in (*_SITES, *_OWN_DOMAINS, _MATHOVERFLOW)} | dict(_CALLED)
    called |= {f"{one}.stackoverflow": f"{one}.stackoverflow" for one in _LANGUAGES}
    return called | {name: name for name in others}


def name_today(stored: str) -> str:
    """The API's name of a site that earlier versions may have called otherwise, or what it is."""
    try:
        return site_name(stored)
    except ValueError:
        return stored


def site_host(site: str) -> str:
    """Return the address of a site, by the API's name of it."""
    if site.rpartition(".")[2] in _OWN_DOMAINS:
        return f"{site}.com"
    if site.endswith(_MATHOVERFLOW):
        return site
    name, *meta = site.split(".")
    return ".".join([_ADDRESSES.get(name, name), *meta, _NETWORK, "com"])


def _name_of(host: str) -> str | None:
    """The API's name; None of a domain that is none of the network's."""
    labels = host.split(".")
    if len(labels) > 1 and labels[-1] == _NETWORK_FOR_SHORT:
        labels[-1] = _NETWORK
    if labels[-1] == "com" and labels[-2:][0] in (_NETWORK, *_OWN_DOMAINS, *_BRANDS):
        labels.pop()
    if labels[-1] == _NETWORK:
        labels.pop()
        if not labels or labels[0] in _SERVICES:
            return None
        return _with_meta([_CALLED.get(label, label) for label in labels])
    if "mathoverflow" in labels[-2:] and labels[-1] in ("mathoverflow", "net"):
        return f"meta.{_MATHOVERFLOW}" if "meta" in labels else _MATHOVERFLOW
    if len(labels) == 1 or "meta" in labels:
        return _with_meta([_CALLED.get(label, label) for label in labels])
    if labels[-1] not in _OWN_DOMAINS and _resembles(host):
        return None
    return ".".join(labels)


def _resembles(host: str) -> bool:
    """Whether a name with points is almost an address of the network's, or has another ending."""
    before = host.split(".")[:-1]
    return not {_NETWORK, "mathoverflow", *_OWN_DOMAINS}.isdisjoint(before) or bool(_near(host))


def _with_meta(labels: list[str]) -> str:
    """Put `meta` where the API has it: behind a network site's name, before an own domain's."""
    if "meta" not in labels or len(labels) == 1:
        return ".".join(labels)
    others = [label for label in labels if label != "meta"]
    own = [label for label in others if label in _OWN_DOMAINS]
    if own:
        before = [label for label in others if label not in own]
        return ".".join([*before, "meta", *own])
    return ".".join([*others, "meta"])


def _near(host: str) -> list[str]:
    """What may have been meant by a domain that is none of the network's."""
    own = {f"{name}.com": name for name in _OWN_DOMAINS} | {_MATHOVERFLOW: _MATHOVERFLOW}
    languages = {f"{one}.stackoverflow.com": f"{one}.stackoverflow" for one in _LANGUAGES}
    first = host.split(".", maxsplit=1)[0]
    known = own | languages | {f"{first}.{_NETWORK}.com": first}
    return [known[name] for name in get_close_matches(host, list(known), n=3, cutoff=0.75)]
