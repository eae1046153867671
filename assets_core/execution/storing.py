"""What the disk refuses while versions are stored, told apart from what user code raises.

A version that cannot be written or made durable is a failed step; a data folder in which nothing can be made is an
error of the whole run, because every step would fail of it.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path

from assets_core.disk_errors import is_full, remedy, room_on, what_failed
from assets_core.errors import Place, StepError, StoreError
from assets_core.execution.attempt_folders import delete_folder, sign, size_of
from assets_core.execution.paths import Home, make_asset_folders
from assets_core.model.keys import AssetKey

_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG})
"""A write that fails does not know its file's name: these are the disk's fault, whoever wrote."""
_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})
"""No file can be opened, whichever it is: a module of the materializer, say."""


@contextlib.contextmanager
def stored(asset: AssetKey, location: Path, place: Place) -> Iterator[None]:
    """While one version is written: StepError E560 for what the disk refuses.

    What a full disk holds of the version is deleted at once: it would be in the way of the next attempt.
    """
    try:
        yield
    except OSError as error:
        if not _is_of(error, location):
            raise
        raise StepError(
            "E560",
            f"`{asset}` cannot be stored: {_refused(error, location)}",
            place=place,
            help=f"{remedy(error, f'make {_holder(error, location)} writable')} and run it again",
        ) from error


def _is_of(error: OSError, location: Path) -> bool:
    """Whether it met our write: what user code reads meanwhile has its own name, or an error of its own."""
    if error.errno in _DESCRIPTORS:
        return True
    if error.filename is None:
        return error.errno in _DISK
    path = Path(str(error.filename))
    return path.is_relative_to(location) or location.is_relative_to(path)


def _holder(error: OSError, location: Path) -> Path:
    """The folder in which nothing could be made."""
    return location if error.filename is None else Path(str(error.filename)).parent


def _refused(error: OSError, location: Path) -> str:
    if not is_full(error):
        return what_failed(error, location)
    with contextlib.suppress(OSError):
        needed, room = size_of(location), room_on(location)
        delete_folder(location)
        return f"{error.strerror}: it needs more than {needed:,} bytes, and {room}"
    return what_failed(error, location)


def not_durable(error: OSError, what: str, place: Place) -> StepError:
    """E561: what was written may not be on disk, so none of it counts."""
    path = Path(str(error.filename))
    return StepError(
        "E561",
        f"{what} was written but could not be made durable: {what_failed(error, path)}",
        place=place,
        help=f"{remedy(error, f'make {path} readable')} and run it again; nothing of it was published",
    )


def make_folders(home: Home, owner: str, assets: Iterable[AssetKey]) -> None:
    """What a run needs before any step: the signature of its store, and the folders of the assets it is to make.

    Raises StoreError E625 where that is not possible.
    """
    try:
        sign(home, owner)
        make_asset_folders(home, assets)
    except OSError as error:
        raise StoreError(
            "E625",
            f"the data folder cannot be written to: {what_failed(error, home.data)}",
            place=Place(str(error.filename or home.data)),
            help=f"{remedy(error, 'correct its permissions')} and run the command again; "
            "what was recorded is kept",
        ) from error
