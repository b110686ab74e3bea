"""The metrics engine: from a question to one SQL statement, and from its rows to values.

question.py       the question: which events, of whom, when, and how the answer is split
query_shape.py    the part of a question that its statement depends on, and the values it is run with
source.py         the events: whole hours, summed up; *runs*, a person's consecutive events that are alike; or events
hours.py          the arrays of hours, row by row
categories.py     the categories of domains
sites.py          the sites of domains
domain_values.py  the values that are looked up by domain
keys.py           the keys that tell the rows of an answer apart: subject, dimensions, bucket
sequences.py      visits of sessions and segments of active events, found by their order
active_time.py    gaps between active events, those across the ends of the range included
blocks.py         blocks of deep work
transitions.py    context switches, one by one
measure.py        the descriptor of a measure
measures/         the registry: a file for each family of measures
measure_query.py  the part of a statement that computes measures
statement.py      the statement: the parts that the selected measures need, and nothing else
values.py         the values in an answer's row
"""
