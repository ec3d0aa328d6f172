"""Input files for tests: write one, read it through ingest, look at what became of its rows."""

from forge_tui.core.ticket import RefusedRow, Ticket
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.settings import Settings


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def read(*paths, **given):
    with open_inputs(paths, Settings(**given)) as inputs:
        return list(inputs.rows())


def texts(rows):
    return [row.text for row in rows if isinstance(row, Ticket)]


def refused(rows):
    return [(row.origin.line, str(row.code)) for row in rows if isinstance(row, RefusedRow)]
