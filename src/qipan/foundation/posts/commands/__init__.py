from qipan.foundation.posts.commands.people import user
from qipan.foundation.posts.commands.posts import post

COMMANDS = [user, post]
