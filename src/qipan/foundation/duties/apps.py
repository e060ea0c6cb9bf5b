from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "qipan.foundation.duties"
    label = "duties"

    def ready(self) -> None:
        from qipan.foundation.duties import kinds, messages, own, rules
        from qipan.foundation.journal import kinds as journal
        from qipan.foundation.posts.operations.handover import HandOver, register_hand_over
        from qipan.foundation.posts.rules import register_abilities, register_district_wide
        from qipan.foundation.vault import grounds

        register_abilities(rules.ABILITIES)
        register_district_wide("duties.calendar")
        journal.register(rules.JOURNAL)
        kinds.register(*own.KINDS)
        messages.register()
        grounds.register(own.concerns)
        register_hand_over(HandOver("duties", own.TITLE, own.count_owed, own.give_all))
