"""`make audit` on machines that reach no advisory service: the locks against a folder of advisories."""
