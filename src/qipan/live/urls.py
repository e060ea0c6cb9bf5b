from __future__ import annotations

from django.urls import path

from qipan.live import feed, pages

urlpatterns = [
    path("board/", pages.board, name="board"),
    path("board/incidents/<uuid:incident_id>/", pages.picked, name="board_incident"),
    path("live/events", feed.events, name="live_events"),
]
