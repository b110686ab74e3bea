"""The application: settings, wiring, start and stop, the command line."""
