"""Qipan 棋盘: the command platform of a district, for ordinary days and for outbreaks."""

__version__ = "0.1.0"
