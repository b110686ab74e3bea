"""Every SQL statement. A function takes a connection and, where it touches tenants' rows, the caller's scope."""
