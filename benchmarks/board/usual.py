"""The yardstick: the same list and the same create as people usually write them with Django REST Framework.

A ModelViewSet with nested serializers, select_related, page numbers and the jurisdiction's filter in get_queryset;
creating saves the row and its journal entry and duty by the same operation as ours. Served by the same server stack
with the same middleware, sessions and database: `DJANGO_SETTINGS_MODULE=benchmarks.board.usual_settings`.
"""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from django.utils import timezone
from rest_framework import pagination, permissions, serializers, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.routers import DefaultRouter

from qipan.assembly.urls import urlpatterns as ours
from qipan.foundation.areas.models import Area
from qipan.foundation.posts.models import Unit
from qipan.incidents import access, operations
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.report import Place


class AreaSerializer(serializers.ModelSerializer[Area]):
    class Meta:
        model = Area
        fields = ("id", "name")


class UnitSerializer(serializers.ModelSerializer[Unit]):
    class Meta:
        model = Unit
        fields = ("id", "name")


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ("id", "key", "name")


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    category = CategorySerializer(read_only=True)
    township = AreaSerializer(read_only=True)
    village = AreaSerializer(read_only=True)
    cell = AreaSerializer(read_only=True)
    unit = UnitSerializer(read_only=True)
    category_key = serializers.SlugField(write_only=True)

    class Meta:
        model = Incident
        fields = (
            "id", "number", "title", "text", "klass", "status", "urgent", "private", "supervised", "level", "category",
            "category_key", "township", "village", "cell", "unit", "reported_at", "due_at", "closed_at", "longitude",
            "latitude", "flags", "version",
        )  # fmt: skip
        read_only_fields = (
            "number", "klass", "status", "private", "supervised", "level", "reported_at", "due_at", "closed_at",
            "flags", "version",
        )  # fmt: skip

    def create(self, validated_data: dict[str, Any]) -> Incident:
        post = self.context["request"].post
        category = Category.objects.get(district=post.district, key=validated_data["category_key"], valid_to=None)
        place = Place(longitude=validated_data["longitude"], latitude=validated_data["latitude"])
        incident, _code = operations.report(
            category=category, place=place, title=validated_data["title"], text=validated_data["text"], source="staff",
            by=post, at=timezone.now(),
        )  # fmt: skip
        return incident


class Pages(pagination.PageNumberPagination):
    page_size = 50


class SignedIn(SessionAuthentication):
    """Who the middleware found."""


class IncidentViewSet(viewsets.ModelViewSet[Incident]):
    serializer_class = IncidentSerializer
    pagination_class = Pages
    permission_classes = (permissions.IsAuthenticated,)
    authentication_classes = (SignedIn,)

    def get_queryset(self) -> Any:
        rows = access.visible(viewer=self.request.post)  # type: ignore[attr-defined]
        return rows.select_related("category", "township", "village", "cell", "unit").order_by("-reported_at", "-id")


router = DefaultRouter()
router.register("incidents", IncidentViewSet, basename="usual-incident")
urlpatterns = [path("usual/", include(router.urls)), *ours]
