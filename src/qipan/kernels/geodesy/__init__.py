"""Datums, point in cell, neighbours, measures and outlines on the ellipsoid."""
