"""Metrics, traces and logs: the instruments that the parts of the service use."""
