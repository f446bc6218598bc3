"""The one place where errors become HTTP statuses and the one error shape."""

from __future__ import annotations

from http.client import responses
from typing import Any

import msgspec

from headrace.core import errors
from headrace.core.errors import HeadraceError
from headrace.protocol.tables import ErrorBody


class Unauthenticated(HeadraceError):
    """Nobody knows the caller: a token or a login is needed."""

    code = "unauthenticated"


class MethodNotAllowed(HeadraceError):
    """The address exists, but not for this method."""

    code = "method-not-allowed"


class UnsupportedMediaType(HeadraceError):
    """The body is not of the type that this address takes."""

    code = "unsupported-media-type"


class TooManyRequests(HeadraceError):
    """Somebody asks more often than is allowed; it is to wait."""

    code = "too-many-requests"


STATUS: dict[type[HeadraceError], int] = {
    errors.InvalidInput: 400,
    errors.InvalidName: 400,
    errors.CycleError: 400,
    Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.ProjectLocked: 409,
    errors.TooLarge: 413,
    UnsupportedMediaType: 415,
    TooManyRequests: 429,
    errors.Fenced: 503,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}

_CODES = {status: kind.code for kind, status in reversed(STATUS.items())}


def status_of(error: HeadraceError) -> int:
    """Return the HTTP status of an error; 500 for one that no caller can do anything about."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 500


def body_of(error: HeadraceError) -> ErrorBody:
    """Return what the caller is told about an error."""
    return ErrorBody(error.code, error.message, plain(error.details))


def body_of_status(status: int) -> ErrorBody:
    """Return what the caller is told when only the status is known; nothing of our inside."""
    if status >= 500 and status != 503:
        return ErrorBody("error", "Something went wrong in the server; its log says more.")
    words = responses.get(status, "Error")
    return ErrorBody(_CODES.get(status, words.lower().replace(" ", "-")), f"{words}.")


def plain(details: dict[str, Any]) -> dict[str, Any]:
    """Return details as values that JSON has; what has no such form becomes its text."""
    return msgspec.to_builtins(details, str_keys=True, enc_hook=str)


def encode_error(body: ErrorBody) -> bytes:
    """Encode the one error shape."""
    return msgspec.json.encode({"error": body})
