"""From recorded lineage and today's versions to a plan with reasons: pure functions, no I/O, no clock."""
