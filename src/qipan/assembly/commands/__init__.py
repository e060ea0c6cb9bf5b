from qipan.assembly.commands.installation import init, migrate

COMMANDS = [init, migrate]
