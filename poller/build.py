"""Puts the poller together from the settings."""

import random

import requests
from sqlalchemy import Engine

from core.broker.feeding import refill
from core.broker.queue import make_celery
from core.clock import Clock
from core.database.clock import DatabaseClock
from core.feeds import FeedName
from core.settings import Settings
from poller.api import Api
from poller.client import Client
from poller.feeds import Feed
from poller.feeds.ascending import changed_feed, live_feed
from poller.feeds.history import HistoryFeed
from poller.feeds.refresh import RefreshFeed
from poller.feeds.synonyms import SynonymsFeed
from poller.feeds.wikis import WikisFeed
from poller.quota import QUOTA_WITH_KEY, QUOTA_WITHOUT_KEY
from poller.rate_limit import RateLimit
from poller.service import Poller


def make_client(settings: Settings, *, session: requests.Session, clock: Clock) -> Client:
    """A client for the settings' API over a session."""
    key = settings.api_key.get_secret_value() if settings.api_key is not None else None
    return Client(session, url=settings.api_url, key=key, clock=clock)


def make_api(
    settings: Settings,
    engine: Engine,
    *,
    session: requests.Session,
    clock: Clock,
    chance: random.Random,
) -> Api:
    """A client for the settings' API over a session, and the rate limit that the database keeps."""
    client = make_client(settings, session=session, clock=clock)
    rate_limit = RateLimit(
        engine,
        client=client.name,
        quota_default=QUOTA_WITH_KEY if settings.api_key else QUOTA_WITHOUT_KEY,
        clock=clock,
        chance=chance,
    )
    return Api(client, rate_limit)


def make_poller(
    settings: Settings,
    engine: Engine,
    *,
    session: requests.Session,
    clock: Clock,
    chance: random.Random,
) -> Poller:
    """A poller of all feeds of the settings' sites."""
    api = make_api(settings, engine, session=session, clock=clock, chance=chance)
    feeds: dict[FeedName, Feed] = {
        "live": live_feed(api, engine, clock, settings),
        "changed": changed_feed(api, engine, clock, settings),
        "refresh": RefreshFeed(api, engine, clock, settings),
        "synonyms": SynonymsFeed(api, engine, clock),
        "wikis": WikisFeed(api, engine, clock),
        "history": HistoryFeed(api, engine, clock, settings),
    }
    queue, shared = make_celery(settings), DatabaseClock(engine, clock)
    return Poller(
        settings=settings,
        engine=engine,
        enqueue=lambda *_: refill(engine, queue, settings, shared),
        api=api,
        feeds=feeds,
        clock=clock,
        chance=chance,
    )
