"""Experiments that try to lose events. Run by `make torture`; short forms of them are tests.

crashes.py     `kill -9` of the service under load
outages.py     PostgreSQL killed, stopped, read-only, full, out of connections, frozen
counters.py    Redis killed, frozen, out of memory
overload.py    four times as much as the service can do; load.py sends it
restarts.py    a rolling restart behind a balancer, balancer.py
poison.py      random bodies
attacks/       attacks by a stranger from one address, beside a neighbour who must not notice

service.py     the service in a process of its own; postgres.py: a server that can be killed, stopped, frozen, filled
memory.py      the memory of the service
client.py      clients and their ledger; bookkeeping.py compares it with PostgreSQL; asking.py asks questions meanwhile
findings.py    the findings of an experiment; report.py, the table in docs/reliability.md
"""
