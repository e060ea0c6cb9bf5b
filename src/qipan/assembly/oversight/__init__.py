"""Pages of those who watch over the others: the journal, residents' requests, the vault's keys.

They stand here and not in the rooms, which are the lowest of the house and know neither areas nor posts by name.
"""
