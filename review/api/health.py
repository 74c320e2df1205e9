"""Whether the service runs, for whoever watches over it; tells nobody anything else."""

from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """That the process answers."""
    return {"status": "ok"}
