"""The REST routes of the browser extension: a wire contract that does not change."""
