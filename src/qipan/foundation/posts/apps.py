from django.apps import AppConfig


class PostsConfig(AppConfig):
    name = "qipan.foundation.posts"
    label = "posts"

    def ready(self) -> None:
        from qipan.foundation.journal import kinds
        from qipan.foundation.posts import rules
        from qipan.foundation.posts.accounts import signals

        rules.register_abilities(rules.ABILITIES)
        kinds.register(rules.KINDS)
        signals.connect()
