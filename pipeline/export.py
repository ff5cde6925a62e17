"""Writes the export that the schedule makes: files in the data folder, which the next one replaces."""

from pipeline.archive import Archive
from schemas.export import ArticleFilter, Exported, FileFormat, Format
from storage.export.file import export_articles
from storage.reports.site_activity import count_site_articles

FOLDER = "exports"
"""Subfolder of the data folder."""


def write_exports(archive: Archive, file_format: Format, wanted: ArticleFilter, *, by_site: bool) -> list[Exported]:
    """Write the files: first that of all publishers, then, if there are several, that of each."""
    sites = []
    if by_site:
        with archive.database.read() as session:
            sites = sorted(count_site_articles(session))
    files = {"articles": wanted}
    if len(sites) > 1:
        files |= {f"articles-{site}": wanted.model_copy(update={"site": site}) for site in sites}
    folder = archive.settings.data_dir / FOLDER
    folder.mkdir(exist_ok=True)
    paths = {folder / f"{name}.{file_format.value}": each for name, each in files.items()}
    return [export_articles(archive.database, path, FileFormat.choose(path.name), each) for path, each in paths.items()]
