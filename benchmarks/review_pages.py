"""What a person and a program wait for on the server: every page, and the API beside the review.

Run: PYTHONPATH=. python benchmarks/review_pages.py --questions 1000000 --database postgres

For each the median and the 95th percentile in milliseconds of whole answers, without a network, and
the 95th of this process' own processor time. `--folder` keeps the database; it is the one of
`review_queue.py`, which measures choosing and deciding.
"""

import argparse
import gc
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from arranged.review_rows import SITE, fill
from arranged.servers import engine_in
from fastapi.testclient import TestClient
from pydantic import SecretStr
from review_queue import Bench

from core.database.migrate import upgrade
from core.settings import Settings
from review.web.access import make_token, set_token
from review.web.app import make_app
from review.web.context import Context

TIMES = 20

PAGES = (
    "/review?site={site}",
    "/history",
    "/bulk?site={site}",
    "/browse?site={site}",
    "/browse?site={site}&tag=t0",
    "/browse?site={site}&tag=t1000",
    "/browse?site={site}&state=reviewed",
    "/browse?site={site}&state=pending",
    "/browse?site={site}&state=disputed",
    "/browse?site={site}&q=w17",
    "/browse?site={site}&min_probability=0.9",
    "/browse/{site}/777",
    "/tags?site={site}",
    "/tags/{site}/t0",
    "/models",
    "/service",
    "/metrics",
    "/feeds/suggested.atom?site={site}",
    "/api/v1/questions?site={site}&limit=100",
    "/api/v1/questions/{site}/777",
    "/api/v1/sites/{site}/tags?prefix=t1",
    "/api/v1/review/next?site={site}&order=disputed",
    "/api/v1/review/progress?site={site}",
)


def main() -> None:
    """Fill the database, unless it is there, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        with engine_in(given.database, folder) as engine:
            if upgrade(engine):
                fill(engine, given.questions)
            address = engine.url.render_as_string(hide_password=False)
            settings = Settings(database_url=SecretStr(address), data_dir=folder, sites=(SITE,))
            token = make_token()
            with engine.begin() as connection:
                set_token(connection, "ann", token, now=datetime.now(UTC))
            client = TestClient(make_app(Context(settings, engine)), base_url="http://127.0.0.1")
            client.headers["Authorization"] = f"Bearer {token}"
            gc.freeze()  # as the server does
            print(f"{given.questions:,} questions in {given.database}")
            print(f"{'milliseconds':44}{'median':>8}{'95 %':>8}{'CPU 95 %':>10}")
            bench = Bench(engine, explain=False)
            for page in PAGES:
                bench.measure(page, _get(client, page.format(site=SITE)), times=TIMES)


def _get(client: TestClient, address: str) -> Callable[[], object]:
    def get() -> None:
        answer = client.get(address, follow_redirects=False)
        if answer.status_code not in (200, 204):
            raise SystemExit(f"{address}: {answer.status_code} {answer.text[:200]}")

    return get


if __name__ == "__main__":
    main()
