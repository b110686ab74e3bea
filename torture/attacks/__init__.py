"""Attacks by a stranger from one address, without a proxy in between, beside a neighbour who must not notice.

catalogue.py   every attack: how it is made, how large it is, what it must come to
heads.py bodies.py connections.py floods.py pipelines.py guesses.py documents.py
               the attacks themselves
repeated.py    requests again and again
target.py      the service as an attacker finds it, and connections to it
__main__.py    the attacker, in a process of its own

neighbour.py   somebody who posts, asks, and looks whether the service is well
siege.py       an attack and the neighbour at once; verdict.py, what was seen of both
strangers.py   every attack, each on a service of its own
"""
