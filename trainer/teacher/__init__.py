"""A sentence encoder at training time: it reads what is learned from, and teaches the network.

Of what is served only the architecture branched-encoder reads it, too. `docs/teacher.md` says what
that is worth, `docs/settings.md` how it is named.
"""
