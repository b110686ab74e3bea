"""What answers a field or a route: one module per subject. Functions take the caller and arguments, and return rows."""
