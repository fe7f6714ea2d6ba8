"""Execute the notebooks of docs/notebooks and save them with their outputs: `make notebooks`.

They are executed where they lie; their runs go to runs/notebooks and are kept, so that a second execution is short.
"""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "notebooks"
TIMEOUT = 900  # seconds per cell; only a cell that hangs takes so long


def execute(path: Path) -> nbformat.NotebookNode:
    """Return a notebook with the outputs of its execution, in which no path of this machine is left."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=TIMEOUT, resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    return tidied(notebook, path.resolve().parents[2])


def tidied(notebook: nbformat.NotebookNode, root: Path) -> nbformat.NotebookNode:
    """Return a notebook with small figures and paths relative to the project, without times and warnings of fonts."""
    notebook.metadata = {key: notebook.metadata[key] for key in ("kernelspec",) if key in notebook.metadata}
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = _joined([output for output in cell.outputs if output.get("name") != "stderr"])
            for output in cell.outputs:
                _put_right(output, root)
    return notebook


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return outputs in which texts that follow each other are one."""
    found: list[nbformat.NotebookNode] = []
    for output in outputs:
        if found and output.output_type == "stream" and found[-1].output_type == "stream":
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def _put_right(output: nbformat.NotebookNode, root: Path) -> None:
    if output.output_type == "stream":
        output.text = re.sub(rf"{re.escape(str(root))}/", "", output.text)
    elif "image/png" in output.get("data", {}):
        output.data["image/png"] = _small(output.data["image/png"])


def _small(png: str) -> str:
    """Return a PNG with as few colours as a figure of lines needs."""
    few = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").quantize(96, dither=Image.Dither.NONE)
    few.save(written := io.BytesIO(), "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode() + "\n"


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            print(path.relative_to(ROOT), flush=True)
            nbformat.write(execute(path), path)
