"""Incidents over the API: parse, one call, shape."""

from qipan.incidents.api.reads import router as router
from qipan.incidents.api.sides import router as sides
from qipan.incidents.api.writes import router as writes

ROUTERS = (router, writes, sides)
