"""Arguments, mode, exit codes and wiring: the only place that puts the parts together."""
