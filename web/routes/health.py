"""Whether the server and its database respond, for health checks: without a password, and without any content."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from web.context import InContext
from web.guard import HEALTH_PATH

router = APIRouter(include_in_schema=False)


@router.get(HEALTH_PATH)
def check_health(context: InContext) -> PlainTextResponse:
    """Connect to the database; if it does not respond, that is a 503."""
    with context.archive.database.read() as session:
        session.connection()
    return PlainTextResponse("fine\n", headers={"Cache-Control": "no-store"})
