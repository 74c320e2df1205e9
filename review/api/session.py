"""Who is signed in, for a page that has outlived its session and goes on in another."""

from fastapi import APIRouter, Request

from review.web.access import SignedIn
from review.web.context import ReviewerDep

router = APIRouter(prefix="/api/v1", tags=["session"])


@router.get("/session")
def read_session(request: Request, reviewer: ReviewerDep) -> dict[str, str]:
    """The reviewer's name, and the token that this session's changes hand in."""
    who: SignedIn = request.state.signed_in
    return {"reviewer": reviewer, "csrf_token": who.csrf_token}
