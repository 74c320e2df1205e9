"""Question Tagger's own network: three branches read a question, and their logits are added.

Convolutions over its words in order, readers of a document vector made of word embeddings, and a
table of weighted terms. `docs/model.md` says why, `docs/experiments.md` what each is worth.
"""
