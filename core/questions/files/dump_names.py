"""Of which site a data dump is, by its name or its folder's: `cooking.stackexchange.com.7z`."""

import re
from pathlib import Path

from core.site_names import site_name

_ADDRESS = re.compile(
    r"((?:[a-z0-9-]+\.)*?"
    r"(?:[a-z0-9-]+\.stackexchange\.com|stackoverflow\.com|superuser\.com|serverfault\.com"
    r"|askubuntu\.com|stackapps\.com|mathoverflow\.net))"
    r"(?:[-_.]?posts)?(?:\.(?:7z|xml|gz|bz2|xz|zip))*",
    re.IGNORECASE,
)
_POSTS = re.compile(r"posts\.xml(?:\.(?:gz|bz2|xz))*", re.IGNORECASE)


def site_of_dump(path: Path) -> str | None:
    """The API's name of the site of a dump; None where its name does not say."""
    whole = path.absolute()
    address = _ADDRESS.fullmatch(whole.parent.name if is_named_by_folder(path) else whole.name)
    if address is None:
        return None
    try:
        return site_name(address[1])
    except ValueError:  # a service of the network, and no site
        return None


def is_named_by_folder(path: Path) -> bool:
    """Whether the folder's name counts, as the file itself is called as that of any site."""
    return _POSTS.fullmatch(path.name) is not None
