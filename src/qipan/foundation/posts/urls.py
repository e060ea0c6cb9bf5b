"""Pages of the own account, posts, people and units."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from qipan.foundation.posts.pages import me, people, staff, units

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", me.me, name="posts_me"),
    path("me/profile/", me.profile, name="posts_profile"),
    path("me/shift/", me.shift, name="posts_shift"),
    path("me/away/", me.away, name="posts_away"),
    path("me/away/<uuid:absence_id>/", me.back, name="posts_back"),
    path("me/sessions/<int:session_id>/", me.end_session, name="posts_end_session"),
    path("me/tokens/", me.new_token, name="posts_token"),
    path("me/tokens/<uuid:token_id>/", me.revoke_token, name="posts_revoke_token"),
    path("posts/", staff.listed, name="posts_list"),
    path("posts/appoint/", staff.appoint, name="posts_appoint"),
    path("posts/hand-over/", staff.hand_over, name="posts_hand_over"),
    path("posts/sign-in/", people.sign_in, name="posts_sign_in"),
    path("posts/<uuid:post_id>/", staff.one, name="posts_one"),
    path("posts/<uuid:post_id>/<slug:what>/", staff.act, name="posts_act"),
    path("people/", people.listed, name="people_list"),
    path("people/new/", people.add, name="people_new"),
    path("people/<uuid:person_id>/", people.one, name="people_one"),
    path("people/<uuid:person_id>/<slug:what>/", people.act, name="people_act"),
    path("units/", units.listed, name="units_list"),
    path("units/new/", units.add, name="units_new"),
    path("units/<int:unit_id>/", units.one, name="units_one"),
    path("units/<int:unit_id>/<slug:what>/", units.act, name="units_act"),
    path("volunteers/<uuid:volunteer_id>/end/", units.end_volunteer, name="volunteers_end"),
]
