"""The answers to fields and routes, a module for each subject. Functions take the caller and arguments, return rows."""
