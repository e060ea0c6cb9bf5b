"""The reads of a board, which span domains."""
