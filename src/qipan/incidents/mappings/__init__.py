"""How exports of other systems are read: one JSON file each, data only.

A mapping names the columns, the form and zone of times, which of the file's kinds become which of our categories, and
which columns are the file's own areas. Without a column for the kind, the title is what categories are found by.
"""
