"""The media types of GraphQL over HTTP: the one that a client prefers for an answer, and those of requests."""

from functools import lru_cache

RESPONSE_JSON = "application/graphql-response+json"
"""The media type of GraphQL over HTTP, whose status tells refused requests from executed ones."""
JSON = "application/json"
"""The older media type, with status 200 even for a document that is refused."""


@lru_cache(maxsize=64)
def preferred_media_type(accept: str | None) -> str | None:
    """Return the answer's media type for an Accept header (RFC 9110, section 12.5.1); None if neither is acceptable.

    Of two with equal quality it is the one named first, else JSON. Without a header it is JSON.
    """
    if not accept:
        return JSON
    qualities = _qualities(accept)
    named = list(qualities)

    def rank(media_type: str) -> tuple[float, int]:
        matching = (qualities[each] for each in (media_type, "application/*", "*/*") if each in qualities)
        place = named.index(media_type) if media_type in qualities else len(named)
        return next(matching, 0.0), -place

    best = max(JSON, RESPONSE_JSON, key=rank)
    return best if rank(best)[0] > 0 else None


def _qualities(accept: str) -> dict[str, float]:
    """Return each media range's quality, 0 to 1, in the header's order. Other parameters are ignored."""
    qualities: dict[str, float] = {}
    for part in accept.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weights = (_quality(each[2:]) for each in parameters if each.startswith("q="))
        qualities.setdefault(media_range, next(weights, 1.0))
    return qualities


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


@lru_cache(maxsize=64)
def is_json(content_type: str | None) -> bool:
    """True if a Content-Type is JSON in UTF-8. Forms of other origins cannot send it, which prevents CSRF."""
    media_type, *parameters = (piece.strip() for piece in (content_type or "").lower().split(";"))
    charsets = {
        value.strip('"') for name, _, value in (each.partition("=") for each in parameters) if name == "charset"
    }
    return media_type == JSON and charsets <= {"utf-8", "utf8"}
