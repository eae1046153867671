"""Where facts are kept: append-only tables, what is derived from them, and the leases of work in progress.

``open_store`` gives a StateStore by URL, ``open_for_a_look`` one that is read and closed. Nothing heavy is loaded
before a store is opened.
Rows never leave this package.
"""

from __future__ import annotations

from assets_core.store.opening import open_for_a_look as open_for_a_look
from assets_core.store.opening import open_store as open_store

__all__ = ["open_for_a_look", "open_store"]
