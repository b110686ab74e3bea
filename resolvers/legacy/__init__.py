"""Taking over what the service before this one has stored: `web-behavior import-legacy`.

Ids decide. An account, organization or person keeps the id it had, and what we have under that id is it; names never
join two. What was taken once belongs to us: a later run adds what is new, takes changes of passwords, keys and activity
that were made there later than here, and brings nothing back that was deleted here.

    tenants.py   organizations, accounts, memberships
    people.py    extension users, and those whom only events name
    sorting.py   events: the rules of ingestion, row by row
    events.py    events: which days are to be read, and a page at a time into the database
    moving.py    all of it, in order
    report.py    what became of every row
"""
