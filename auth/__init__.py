"""Authentication, permissions and rate limits: passwords, tokens, API keys, viewers, throttles. Uses no database."""
