"""The command line, `web-behavior serve | demo | migrate | …`: one file for each group of commands.

A command imports what it needs when it runs, so that modules of other commands do not delay the start of `serve`.
"""
