"""The one way to ask the API: within its rate limit."""

import logging
from dataclasses import dataclass

from core.errors import ApiError, DatabaseUnreachable
from poller.client import ApiAnswer, ApiRequest, Client
from poller.rate_limit import RateLimit
from poller.shutdown import Shutdown

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Api:
    """A client, and the rate limit that holds for it."""

    client: Client
    rate_limit: RateLimit

    def ask(self, request: ApiRequest) -> ApiAnswer:
        """Send a request once, if it may be sent now.

        Raises:
            ApiPaused: it may not; nothing was sent.
            ApiUnreachable: there is no answer, or none that can be read.
            ApiThrottled: the API asks for a pause, and gets it.
            ApiRefused: another error of the API's own.
            DatabaseUnreachable: the rate limit cannot be read or kept.
        """
        self.rate_limit.admit(request)
        try:
            with self.rate_limit.lease.held(request.site):
                answer = self.client.fetch(request)
        except ApiError as error:
            self._keep(request, error)
            raise
        except Shutdown:  # while waiting for a connection: nothing was sent
            self.rate_limit.release(request)
            raise
        self.rate_limit.answered(request, answer)
        return answer

    def _keep(self, request: ApiRequest, error: ApiError) -> None:
        try:
            self.rate_limit.refused(request, error)
        except DatabaseUnreachable:
            log.warning("%s", error)  # nobody else tells it: the database's is raised in its place
            raise
