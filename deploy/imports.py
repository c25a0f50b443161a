"""The import rule that import-linter's own contracts cannot say: what of a room is its own."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class RoomsContract(Contract):
    """Modules named in `private` are imported only by the room that they stand in.

    A room is a package two levels down, such as `services.appointments.booking`. Its own
    `__init__`, which says what the room brings, is part of it.
    """

    private = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = sorted(
            (importer, imported)
            for imported in graph.modules
            if _is_private(imported, self.private)
            for importer in graph.find_modules_that_directly_import(imported)
            if not _may_import(importer, imported)
        )
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} imports {imported}, which another room keeps to itself")


def _is_private(module: str, private: object) -> bool:
    root, *path = module.split(".")
    return root == "services" and len(path) == 3 and path[2] in private  # type: ignore[operator]


def _may_import(importer: str, imported: str) -> bool:
    room = imported.rpartition(".")[0]
    return importer == room or importer.startswith(f"{room}.")
