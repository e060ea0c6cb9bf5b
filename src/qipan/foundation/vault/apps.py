from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "qipan.foundation.vault"
    label = "vault"
