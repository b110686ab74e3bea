"""The benchmark, run by `make bench`: one part after the other, each with a section of docs/performance.md.

section.py     what a part is; parts.py: all of them; page.py and plot.py: docs/performance.md and its pictures
machine.py     where it was measured; others.py: what else the machine was doing
events.py      a month of forty people's made-up browsing, stored by the event writer
service.py     the application in process, on a database of its own

metrics.py     a dashboard's questions put to the service, to raw events and to DuckDB
asking.py      one number of events, all systems; dashboard.py: what is asked; duck.py, duck_sql.py: DuckDB's part
storing.py     what rollups cost the event writer
growth.py      how a dashboard's time grows; bulk.py: millions of events put straight into the table
footprint.py   start, memory, disk; held.py: a service under load; memory.py: whose memory it is
graphql.py     questions put to the service, to graphql-core's executor (stock.py), to bare ASGI (canned.py)
processes.py   servers as they are run, each a process of its own
storage.py     what an event takes on disk (a command of its own)
cluster.py    a Citus cluster beside a plain PostgreSQL (a command of its own)
legacy_import.py   what taking over an old database takes (a command of its own)
"""
