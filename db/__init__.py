"""PostgreSQL: connections, tables, every SQL statement, and the writer that stores events."""
