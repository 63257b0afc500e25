"""What jobs and the serving process tell of their work: lines for the log, and figures for Prometheus."""
