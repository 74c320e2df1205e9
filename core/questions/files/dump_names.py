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


def site_of_dump(path: Path) -> str | None:
    """The API's name of the site of a dump; None where its name does not say."""
    whole = path.absolute()
    for name in (whole.name, whole.parent.name):
        address = _ADDRESS.fullmatch(name)
        if address is not None:
            try:
                return site_name(address[1])
            except ValueError:  # a service of the network, and no site
                continue
    return None
