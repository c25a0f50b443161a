"""Pages from templates: one folder a service, everything that is filled in escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates_of(service: str) -> Environment:
    """The templates in the service's folder; a name that is not filled in is an error."""
    return Environment(
        loader=PackageLoader(f"services.{service}", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
