"""The checks of a GraphQL document before it is run. No check may cost the service much more than a refusal does.

document_stats.py  counts the parts of a document in one pass, fragments expanded
limits.py          limits on those counts
validation.py      validation against the schema, in bounded time
document_cache.py  parses, counts and validates a document once, and caches it
trusted.py         documents known before the service starts
variables.py       limits on a request's variables
arguments.py       values of arguments, literal or by variable
cost.py            the cost of an operation
prices.py          the arithmetic of prices: days, buckets, the schema's own lists
"""
