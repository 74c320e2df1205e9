"""A sentence encoder at training time: it reads what is learned from, and teaches the network.

It is never served. `docs/model.md` says what that is worth, `docs/settings.md` how it is named.
"""
