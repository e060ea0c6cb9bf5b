from qipan.assembly.commands.backup import backup_command, restore_command
from qipan.assembly.commands.demo import demo, demo_day, demo_load
from qipan.assembly.commands.installation import init, migrate
from qipan.assembly.commands.serving import serve, worker

COMMANDS = [backup_command, demo, demo_day, demo_load, init, migrate, restore_command, serve, worker]
