import pytest


@pytest.mark.django_db
def test_the_database_answers():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
