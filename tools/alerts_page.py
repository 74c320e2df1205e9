"""Writes docs/alerts.md from monitoring/alerts.yml: what each alert means, and what to do.

python -m tools.alerts_page
"""

import re
from typing import Any, Final

import yaml

from tools.imports import ROOT

RULES: Final = ROOT / "monitoring/alerts.yml"
FILE: Final = ROOT / "docs/alerts.md"
HEAD: Final = """<!-- Made by python -m tools.alerts_page. -->

# Alerts

What Prometheus watches, in the profile `monitoring` of the composition or by the rules of
`monitoring/alerts.yml` in one of your own, and what to do about each. Commands are those of a
terminal; in the composition `docker-compose exec worker` stands before them. `tagger doctor` looks
for most of it without Prometheus.

Of *critical* ones nothing is tagged or fetched meanwhile, though nothing is lost; *warning*: look
today; *info*: when there is time.
"""
VALUE: Final = re.compile(r"{{.*?(\w+)(?: \| \w+)? }}")


def make_page() -> str:
    """Return the page: a section an alert, in the order of the rules."""
    rules = [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]
    return HEAD + "".join(map(_section, rules))


def _section(rule: dict[str, Any]) -> str:
    told = rule["annotations"]
    meaning = VALUE.sub(lambda found: f"*{found[1]}*", told["summary"])
    lasting = f", for {rule['for']}" if "for" in rule else ""
    return (
        f"\n## {rule['alert']}\n\n*{rule['labels']['severity']}*{lasting}: {meaning}\n\n"
        f"{VALUE.sub(lambda found: found[1].upper(), told['description'].strip())}\n\n"
        f"    {' '.join(rule['expr'].split())}\n"
    )


if __name__ == "__main__":
    FILE.write_text(make_page(), encoding="utf-8")
