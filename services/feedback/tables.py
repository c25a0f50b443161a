"""The metadata that holds every table of this service and no other."""

from sqlalchemy.orm import registry

from shared.database.models import TableModel
from shared.database.tables import new_metadata, system_tables


class Table(TableModel, registry=registry(metadata=new_metadata())):
    """Base of this service's table models."""


system = system_tables(Table.metadata)
