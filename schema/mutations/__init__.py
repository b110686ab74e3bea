"""The mutations, in a file for each subject: for each mutation its input, its result union, and its function."""
