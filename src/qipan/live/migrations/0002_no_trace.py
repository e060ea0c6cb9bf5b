"""The points of staff leave no trace: unlogged (not in the write-ahead log, not in backups), and gone with the shift."""

from django.db import migrations

FORGET = """
ALTER TABLE live_here SET UNLOGGED;
CREATE FUNCTION live_shift_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM live_here WHERE post_id = NEW.post_id;
    RETURN NULL;
END $$;
CREATE TRIGGER live_shift_over AFTER UPDATE OF closed_at ON posts_shift
    FOR EACH ROW WHEN (NEW.closed_at IS NOT NULL) EXECUTE FUNCTION live_shift_over();
"""
BACK = """
DROP TRIGGER live_shift_over ON posts_shift;
DROP FUNCTION live_shift_over();
ALTER TABLE live_here SET LOGGED;
"""


class Migration(migrations.Migration):
    dependencies = [("live", "0001_initial")]

    operations = [migrations.RunSQL(FORGET, BACK)]
