from django.apps import AppConfig


class PostsConfig(AppConfig):
    name = "qipan.foundation.posts"
    label = "posts"

    def ready(self) -> None:
        from qipan.foundation.areas import rules as areas
        from qipan.foundation.journal import kinds
        from qipan.foundation.journal import rules as journal
        from qipan.foundation.posts import imports, rules
        from qipan.foundation.posts.accounts import signals
        from qipan.foundation.vault import rules as vault

        rules.register_abilities(rules.ABILITIES)
        rules.register_district_wide(vault.REQUESTS, vault.SEE_KEYS)
        # The rooms below know no posts: what they ask for is registered here.
        rules.register_abilities({ability: map(rules.Role, roles) for ability, roles in journal.ABILITIES.items()})
        rules.register_abilities({ability: map(rules.Role, roles) for ability, roles in vault.ABILITIES.items()})
        rules.register_abilities({ability: map(rules.Role, roles) for ability, roles in areas.ABILITIES.items()})
        kinds.register(rules.KINDS)
        imports.register()
        signals.connect()
