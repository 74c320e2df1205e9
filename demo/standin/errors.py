"""The API's own errors, as it words them.

https://api.stackexchange.com/docs/error-handling. Nearly all come with HTTP status 400, whatever
their id, so a client has to look at `error_id`.
"""


class ApiError(Exception):
    """An error that the API answers with. `status` is HTTP's, `error_id` the API's."""

    def __init__(self, error_id: int, name: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{error_id} {name}: {message}")
        self.error_id = error_id
        self.name = name
        self.message = message
        self.status = status

    def wrapper(self) -> dict[str, object]:
        """The answer's JSON."""
        return {
            "error_id": self.error_id,
            "error_message": self.message,
            "error_name": self.name,
        }


def bad_parameter(message: str) -> ApiError:
    """A wrong parameter; the message is mostly no more than its name."""
    return ApiError(400, "bad_parameter", message)


def unknown_site(name: str) -> ApiError:
    """A site that does not exist."""
    return bad_parameter(f"No site found for name `{name}`")


def page_needs_key() -> ApiError:
    """A page that only a client with a key may see."""
    return ApiError(403, "access_denied", "page above 25 requires access token or app key")


def no_method() -> ApiError:
    """A path that the API does not have."""
    return ApiError(404, "no_method", "no method found with this name")


def throttle_violation(seconds: int, *, status: int = 400) -> ApiError:
    """Too many requests; recorded with status 400 and with 502."""
    message = f"too many requests from this IP, more requests available in {seconds} seconds"
    return ApiError(502, "throttle_violation", message, status=status)


def backoff_violation() -> ApiError:
    """A request to a method whose last answer asked to stay away for longer."""
    return ApiError(502, "throttle_violation", "Violation of backoff parameter")


def internal_error() -> ApiError:
    """Something went wrong on the other side."""
    return ApiError(500, "internal_error", "An internal error has occurred")


def temporarily_unavailable(*, status: int = 400) -> ApiError:
    """The API is being worked on."""
    message = "The service is temporarily unavailable, please try again later"
    return ApiError(503, "temporarily_unavailable", message, status=status)
