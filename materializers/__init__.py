"""How values are stored and read back: one module per kind of storage.

Reached only through the ``assets_core.materializers`` entry points, as a third party's are. A materializer writes to a
fresh location it is given and never publishes: visibility is the runner's pointer.
"""
