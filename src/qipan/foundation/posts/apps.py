from django.apps import AppConfig


class PostsConfig(AppConfig):
    name = "qipan.foundation.posts"
    label = "posts"
