"""JSON answers from pydantic schemas."""

from pydantic import BaseModel
from starlette.responses import Response


def json(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """`model` as JSON; header names take underscores (`location="/…"`)."""
    content = model.model_dump_json(exclude_unset=False)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(content, status, named, media_type="application/json")


def empty() -> Response:
    """204: done, nothing to say."""
    return Response(status_code=204)


def file(content: bytes, media_type: str, filename: str, *, inline: bool = False) -> Response:
    """A file to download, or to show where the browser can."""
    kind = "inline" if inline else "attachment"
    return Response(content, 200, {"Content-Disposition": f'{kind}; filename="{filename}"'}, media_type=media_type)
