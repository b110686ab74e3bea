"""The benchmark: the dashboard's questions put to the service, to raw events and to DuckDB. Run by `make bench`.

events.py      a month of forty people's made-up browsing, stored by the event writer
service.py     the application in process, on a database of its own
dashboard.py   what a dashboard asks over GraphQL, and how long the answer takes
duck.py        the same answered by DuckDB
others.py      what else the machine was doing
ingestion.py   what rollups cost the event writer
storage.py     what an event takes on disk (a command of its own)
legacy_import.py   what taking over an old database takes (a command of its own)
report.py      docs/performance.md; plot.py, docs/performance.png
"""
