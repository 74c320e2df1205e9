"""The application as `celery -A worker.main` finds it: for `celery inspect` and health checks.

Reading the settings while being imported is what such a module is for; nothing else imports it.
"""

from core.settings import load_settings
from worker.app import make_app

app = make_app(load_settings())
