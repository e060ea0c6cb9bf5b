"""Tables people send: CSV, xlsx and GeoJSON read carefully, row by row, and never further than their limits.

Nothing here guesses: what cannot be read with certainty is refused with a code and the facts for its message.
"""

from qipan.kernels.tables.problems import Problem, Unreadable, told
from qipan.kernels.tables.reading import Column, Limits, Row, Table, digest_of, read_features, read_table
from qipan.kernels.tables.values import BadValue, parse_choice, parse_code, parse_date, parse_degrees, parse_moment
from qipan.kernels.tables.writing import csv_chunks, xlsx

__all__ = [
    "BadValue",
    "Column",
    "Limits",
    "Problem",
    "Row",
    "Table",
    "Unreadable",
    "csv_chunks",
    "digest_of",
    "parse_choice",
    "parse_code",
    "parse_date",
    "parse_degrees",
    "parse_moment",
    "read_features",
    "read_table",
    "told",
    "xlsx",
]
