from qipan.assembly.commands.backup import backup_command, restore_command
from qipan.assembly.commands.installation import init, migrate
from qipan.assembly.commands.serving import serve, worker

COMMANDS = [backup_command, init, migrate, restore_command, serve, worker]
