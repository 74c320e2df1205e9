"""The names by which people call a site, and the one that the API gives it.

The API's name is `stats` for stats.stackexchange.com and `es.meta.stackoverflow` for
es.meta.stackoverflow.com (`api_site_parameter` of https://api.stackexchange.com/docs/sites). People
name a site by its address, by its dump, or with capitals; all of that is one site.
"""

import re
from difflib import get_close_matches
from typing import Final

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
    "crossvalidated": "stats",
    "mathoverflow": _MATHOVERFLOW,
}
_ADDRESSES: Final = {"avp": "video"}  # of sites whose addresses do not follow from their names

_LONGEST: Final = 100
_NAME = re.compile(r"[a-z0-9]+(?:[.-]+[a-z0-9]+)*")
_BEFORE_HOST = re.compile(r"^(?:[a-z]+:)?//(?:[^/@]*@)?")
_BEFORE_NAME = re.compile(  # a search engine's word; the folders of a dump, which is no web page
    r"^(?:site:|(?:[a-z]:)?[^?#]*[/\\](?=[^/\\?#]*\.(?:com|net)(?:[-_.]?posts)?(?:\.(?:7z|zip|xml))*$))"
)
_BEHIND_HOST = re.compile(r"[/?#\\:].*$", re.DOTALL)
_DUMP = re.compile(r"(?:-posts)?\.(?:7z|zip|xml|torrent)$")


def site_name(given: str) -> str:
    """Return the API's name of a site, however a person names it.

        site_name("https://Stats.StackExchange.com/questions")  # "stats"

    A name that does not resemble the network's is believed: it may be that of a made-up site.

    Raises:
        ValueError: it is no site's name, or almost an address of the network's; says which may
            have been meant.
    """
    text = given.strip().lower().rstrip("/\\")
    text = _BEFORE_HOST.sub("", text) if _BEFORE_HOST.match(text) else _BEFORE_NAME.sub("", text)
    if "." in text:  # an address, which may have a path
        text = _DUMP.sub("", _BEHIND_HOST.sub("", text)).strip(".")
    joined = re.sub(r"\s+", "", text)
    text = joined if joined in (*_OWN_DOMAINS, *_CALLED) else text
    host = re.sub(r"^(?:www|m|mobile)\.(?=.+\.)", "", text)
    if not host.isascii() or len(host) > _LONGEST or _NAME.fullmatch(host) is None:
        raise ValueError(f"{given[:60]!r} is not {EXPECTED}")
    name = _name_of(host)
    if name is None:
        near = _near(host)
        meant = f" (near matches: {', '.join(near)})" if near else ""
        raise ValueError(f"{given[:60]!r} is no site of Stack Exchange's{meant}; give {EXPECTED}")
    return name


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
    if labels[-1] == "com" and labels[-2:][0] in (_NETWORK, *_OWN_DOMAINS):
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
