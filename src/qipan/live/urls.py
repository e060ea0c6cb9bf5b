from __future__ import annotations

from django.urls import path

from qipan.live import feed

urlpatterns = [path("live/events", feed.events, name="live_events")]
