"""Signing in: django-allauth with this installation's rules."""
