"""Made-up people and their made-up browsing, so that a fresh installation has something to show."""
