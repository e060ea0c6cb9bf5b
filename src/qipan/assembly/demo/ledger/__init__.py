"""A second bookkeeping of incidents, for what is too much for real operations: stories become rows directly.

It writes the rows that the operations would write, no others; tests/assembly/demo/test_same_rows.py plays one set of
stories both ways and compares every table.
"""

from qipan.assembly.demo.ledger.book import Ledger
from qipan.assembly.demo.ledger.rows import RESIDENT_BY, SYSTEM_BY, By, Debt, File

__all__ = ["RESIDENT_BY", "SYSTEM_BY", "By", "Debt", "File", "Ledger"]
