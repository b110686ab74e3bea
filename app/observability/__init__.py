"""What operators see of the service: metrics, traces, and whose request a line of the log belongs to."""
