"""What was published (政府信息公开目录): a static site that any web server can show. Knows no case."""

from engine.publication.site import CatalogueEntry, PublicationBroken, PublishedFile, Site

__all__ = ["CatalogueEntry", "PublicationBroken", "PublishedFile", "Site"]
