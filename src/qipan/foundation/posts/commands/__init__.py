from qipan.foundation.posts.commands.imports import import_
from qipan.foundation.posts.commands.people import user
from qipan.foundation.posts.commands.posts import post

COMMANDS = [import_, user, post]
