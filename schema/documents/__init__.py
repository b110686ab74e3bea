"""What happens to a GraphQL document before it is run: nothing in it may be more work to look at than to refuse.

tally.py        counts what it has, fragments put in where they are spread, in one pass
limits.py       how much of that it may have
validation.py   whether it fits the schema, in bounded time
reading.py      parses, counts and validates a document once, and remembers it
trusted.py      documents known before the service starts
variables.py    how much a request's variables may hold
arguments.py    what arguments say, literal or by variable
cost.py         what running it would cost
prices.py       what each thing costs
"""
