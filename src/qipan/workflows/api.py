"""What spans domains, over the API."""

from qipan.workflows.field.api import router
from qipan.workflows.field.people import router as people

ROUTERS = [("/field", router), ("/field", people)]
