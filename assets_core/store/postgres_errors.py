"""What PostgreSQL reports, as errors that say where and what to do; and which failures pass by themselves.

A failure to connect carries no SQLSTATE (libpq does not hand it on), so those are told apart by the server's words,
which are English unless its ``lc_messages`` says otherwise; what is not recognised is quoted.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError

from assets_core.errors import AssetsError, InternalError, Place, StoreError

_PASSING = frozenset({"40001", "40P01", "25P03", "53300", "57P01", "57P02", "57P03", "57P05"})
_PASSING_CLASS = "08"
_STARTING = ("the database system is starting up", "the database system is shutting down",
             "the database system is in recovery mode", "not yet accepting connections")  # fmt: skip
_TOO_MANY = ("too many clients", "too many connections", "remaining connection slots")
_REFUSED = ("authentication failed", "no pg_hba.conf entry", "no password supplied",
            "is not permitted to log in", "permission denied for database")  # fmt: skip
_NOT_THERE = ("does not exist",)
KEPT = "what was recorded is kept"


def sqlstate(error: DBAPIError) -> str:
    """The five characters that the server gave; ``""`` where it gave none."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_passing(error: DBAPIError) -> bool:
    """Whether doing the same again may work: the server went away, is full, or ended a transaction for another."""
    state = sqlstate(error)
    if state:
        return state in _PASSING or state.startswith(_PASSING_CLASS) or error.connection_invalidated
    if not isinstance(error, OperationalError):
        return error.connection_invalidated
    return not _says(error, *_REFUSED, *_NOT_THERE)


def is_starting(error: DBAPIError) -> bool:
    """Whether the server is there, but not ready yet."""
    return _says(error, *_STARTING)


def unusable(where: str, message: str, help: str, code: str) -> StoreError:
    """The state store cannot be used as it is."""
    return StoreError(code, message, place=Place(where), help=help)


def store_error(where: str, error: DBAPIError) -> AssetsError:
    """The error to raise instead of ``error``, which came from the driver."""
    state = sqlstate(error)
    said = _first_line(error)
    if state == "53300" or _says(error, *_TOO_MANY):
        return unusable(
            where,
            "the PostgreSQL server has no connection left for the state store",
            "end other programs that use it, or raise max_connections (or the role's limit) of the server",
            "E632",
        )
    if state.startswith("28") or (not state and _says(error, *_REFUSED)):
        return unusable(
            where,
            f"the PostgreSQL server refused the login: {said}",
            "check the user and the password that the store's URL, PGPASSWORD or ~/.pgpass give",
            "E631",
        )
    if state == "3D000" or (not state and _says(error, *_NOT_THERE)):
        return unusable(
            where,
            f"the state store's database cannot be opened: {said}",
            "create it (createdb NAME), or name another one in the store's URL",
            "E633",
        )
    if state in {"42501", "25006"}:
        return unusable(
            where,
            f"the state store cannot be written to: {said}",
            "give the user a database or schema of its own, and connect to the primary server",
            "E607",
        )
    if state in {"55P03", "57014"}:
        return unusable(
            where,
            "the PostgreSQL server did not finish a statement in time, because it is busy or something holds a lock",
            f"end what holds it (see pg_stat_activity) and run the command again; {KEPT}",
            "E612",
        )
    if state.startswith("53"):
        return unusable(
            where,
            f"the PostgreSQL server is out of resources: {said}",
            f"free some and run the command again; {KEPT}",
            "E610",
        )
    if is_passing(error):
        return lost(where, said)
    return InternalError("E693", f"the state store refused a statement: {said}", place=Place(where))


def lost(where: str, why: str) -> StoreError:
    """The server went away, and did not come back in time."""
    return unusable(
        where,
        f"the PostgreSQL server of the state store cannot be reached: {why}",
        f"check that it runs and run the command again; {KEPT}",
        "E630",
    )


def _says(error: DBAPIError, *words: str) -> bool:
    text = str(error.orig)
    return any(word in text for word in words)


def _first_line(error: DBAPIError) -> str:
    """What the server said, without the lines that repeat the statement."""
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return " ".join(lines[0].split()).rstrip(":")
