"""The benchmark, run by `make bench`: one part after the other, each with a section of docs/performance.md.

section.py            the interface of a part; parts.py: the list of parts; page.py and plot.py: docs/performance.md
machine.py            the machine; other_processes.py: their use of it meanwhile
events.py             a month of forty people's made-up browsing, stored by the event writer
service.py            the application in process, on a database of its own
servers.py            servers as they are run, each a process of its own; client.py: a client of one

collection.py         ingestion, beside bare_echo.py and bare_copy.py; posts.py: the requests; load.py and driving.py
                      send them
metrics.py            a dashboard's questions put to the service, to raw events and to DuckDB
asking.py             one number of events, all systems; dashboard.py: the questions; duck.py, duck_sql.py: DuckDB
measures_of_time.py   `activeSeconds` beside `trackedSeconds`
storing.py            the cost of rollups for the event writer
growth.py             the growth of a dashboard's time; bulk.py: millions of events put straight into the table
footprint.py          start, memory, disk; memory_under_load.py: a service under load; memory.py: memory by process
graphql.py            questions put to the service, to graphql-core's executor alone, to bare ASGI (canned_answers.py)
storage.py            the disk space of events (a command of its own)
cluster.py            a Citus cluster beside a plain PostgreSQL (a command of its own)
sign_in.py            the time of a refused sign-in (a command of its own)
legacy_import.py      the cost of taking over an old database (a command of its own)
"""
