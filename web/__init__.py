"""The HTTP toolkit: connections and their limits, headers, bodies, cookies, answers, time limits of requests."""
