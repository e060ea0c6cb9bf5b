from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "qipan.live"
    label = "live"

    def ready(self) -> None:
        from qipan.foundation.journal import kinds
        from qipan.foundation.posts.rules import Role, register_abilities
        from qipan.incidents.queries import board
        from qipan.live import held
        from qipan.live.wall_words import KINDS

        kinds.register(KINDS)
        register_abilities({"live.set_wall": {Role.COMMANDER, Role.ADMINISTRATOR}})
        board.hold(held.whole)
