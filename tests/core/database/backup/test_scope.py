from sqlalchemy import Engine

from core.database.backup.scope import LEFT_OUT, OF_MODELS, own_tables, tables_to_keep
from core.database.engine import reading
from core.database.tables import Table


def test_a_backup_holds_every_table_that_is_not_left_out_by_name(engine: Engine) -> None:
    with reading(engine) as connection:
        names = [table.name for table in tables_to_keep(connection)]
        small = [table.name for table in tables_to_keep(connection, models=False)]
        assert len(own_tables(connection)) == len(Table.metadata.tables)
    assert {*names, *LEFT_OUT} == set(Table.metadata.tables)
    assert {*small, *OF_MODELS} == set(names)
    assert names.index("questions") < names.index("question_tags")
    assert names.index("model_versions") < names.index("predictions")
