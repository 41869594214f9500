"""Kills, cuts and fills what the services stand on while events arrive, and proves that none is lost.

It knows of the services what their callers and their operators know: URLs, processes and tables. What must
have become of the events is predicted by a model of its own (`model.py`), which imports nothing of theirs.
"""
