"""The import of the old service's database: `web-behavior import-legacy`. `importer.import_database` is its entry.

Rows are matched by id, never by name: an account, organization or person keeps the id it had. A row that was taken once
belongs to this service: a later run adds new rows, takes over passwords, keys and activity that were changed there
later than here, and does not bring back what was deleted here.

    importer.py       the whole import, in order
    reader.py         one snapshot of the old database
    translation.py    names, roles, password hashes and events, made fit to be stored here
    tenants.py        organizations, accounts, memberships
    people.py         extension users, and people whom only events name
    queries.py        the statements of both
    events.py         events: the days to be read, and a page in each transaction
    sorting.py        the rules of ingestion, row by row
    event_queries.py  the statements of events
    report.py         the outcome of every row
"""
