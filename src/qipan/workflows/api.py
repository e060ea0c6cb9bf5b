"""What spans domains, over the API."""

from qipan.workflows.field.api import router

ROUTERS = [("/field", router)]
