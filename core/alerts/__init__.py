"""Alerts: the rules that decide when one fires and when it is over; pure, in terms of figures and instants.

conditions.py   a condition on a figure, and when it holds
quiet_hours.py  the hours in which nothing fires
schedule.py     how often a rule is evaluated, and of which windows of time
states.py       the steps of a rule from evaluation to evaluation
"""
