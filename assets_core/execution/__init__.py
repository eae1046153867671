"""Running a plan: the runner drives and records, executors place calls, a step makes one call."""
