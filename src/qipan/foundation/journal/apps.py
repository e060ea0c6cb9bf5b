from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "qipan.foundation.journal"
    label = "journal"
