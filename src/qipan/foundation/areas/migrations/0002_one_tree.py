"""An area's ancestors agree with its parent's: composite keys, checked at the end of each transaction.

A village names the township it lies in, and that township's row must lie in the same district; a cell's village must
lie in the township that the cell names.
"""

from django.db import migrations

PAIRS = (("township_id", "district_id"), ("village_id", "township_id"))


def statements() -> tuple[str, str]:
    forwards, backwards = [], []
    for near, far in PAIRS:
        name = f"areas_area_{near}_agrees"
        forwards += [
            f"ALTER TABLE areas_area ADD CONSTRAINT {name}_key UNIQUE (id, {far})",
            f"ALTER TABLE areas_area ADD CONSTRAINT {name} FOREIGN KEY ({near}, {far}) "
            f"REFERENCES areas_area (id, {far}) DEFERRABLE INITIALLY DEFERRED",
        ]
        backwards += [
            f"ALTER TABLE areas_area DROP CONSTRAINT {name}",
            f"ALTER TABLE areas_area DROP CONSTRAINT {name}_key",
        ]
    return ";\n".join(forwards), ";\n".join(backwards)


class Migration(migrations.Migration):
    dependencies = [("areas", "0001_initial")]
    operations = [migrations.RunSQL(*statements())]
