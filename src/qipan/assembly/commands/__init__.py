from qipan.assembly.commands.installation import init, migrate
from qipan.assembly.commands.serving import serve, worker

COMMANDS = [init, migrate, serve, worker]
