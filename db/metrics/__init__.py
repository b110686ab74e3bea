"""The metrics engine: from a question to one SQL statement, and from its rows to measures.

source.py     which events: whole hours, summed up; *runs*, a person's consecutive events that are alike; or events
hours.py      what hours hold
categories.py which domains are of which category
shape.py      what of a question a statement depends on
slots.py      the marks of calendar and clock that the range is cut at
keys.py       what tells the rows of an answer apart: subject, dimensions, bucket
counted.py    events, users, sessions, domains, urls, minutes
sequences.py  tracked time, session lengths, context switches
blocks.py     deep work
statement.py  puts together what a question needs, and nothing else
"""
