"""The one way to ask the API: with manners before and after."""

from dataclasses import dataclass

from core.errors import ApiError
from poller.client import Answer, Client, Request
from poller.rate_limit import Manners
from poller.shutdown import Stopped


@dataclass(frozen=True, slots=True)
class Api:
    """A client, and the rules that hold for it."""

    client: Client
    manners: Manners

    def ask(self, request: Request) -> Answer:
        """Send a request once, if it may be sent now.

        Raises:
            ApiPaused: it may not; nothing was sent.
            ApiUnreachable: there is no answer, or none that can be read.
            ApiThrottled: the API wants to be left alone, and will be.
            ApiRefused: another error of the API's own.
        """
        self.manners.admit(request)
        try:
            answer = self.client.fetch(request)
        except ApiError as error:
            self.manners.refused(request, error)
            raise
        except Stopped:  # while waiting for a connection: nothing was sent
            self.manners.release(request)
            raise
        self.manners.answered(request, answer)
        return answer
