"""Who is asking and what they may do: passwords, tokens, API keys, viewers, throttles. Knows no database."""
