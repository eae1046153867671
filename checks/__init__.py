"""The bundled data-quality checks: builders that are plain data, and the code that evaluates them.

Reached through ``assets_core`` and through the ``assets_core.checks`` entry points, as a third party's checks are.
Building a check loads no DuckDB. ``builders`` makes ``CheckSpec`` values, ``evaluators`` holds one class per kind, and
``batch`` judges all checks of one version together: one connection, one scan for every row-wise condition.
"""
