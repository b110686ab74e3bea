"""The mutations: in each file an input, what it can answer, and the function that does it."""
