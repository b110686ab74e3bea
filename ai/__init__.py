"""A language model that words an insight anew. The figures stay ours: what it adds of its own is refused.

options.py    how to reach the model, and how patient to be
figures.py    the ways in which a figure may be written
numerals.py   the figures that a text states
prompt.py     what leaves the house
reply.py      what may come back, and its JSON schema
characters.py what a text may be made of
rules.py      what makes a reply acceptable
connection.py the HTTP connection: bounded, and free of the environment's influence
failure.py    why there is no reply at all
endpoint.py   the calls, through the official client
breaker.py    leaves an endpoint alone that keeps failing
memory.py     answers kept, in Redis when there is one
counters.py      what happened since the start
writer.py     puts them together: an insight in, other words for it out, or none
"""
