"""Run a notebook and keep its outputs, without Jupyter: ``python tools/notebook.py docs/planner.ipynb``.

A cell shows what a notebook would: what it prints, and the value of its last expression as text, as a table (HTML) or
as a picture (PNG).
"""

import ast
import base64
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

Output = dict[str, Any]


def code_cells(notebook: Path) -> list[dict[str, Any]]:
    """The cells of code, as the file has them."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def outputs(sources: Sequence[str]) -> Iterator[list[Output]]:
    """Run cells one after another, in one namespace; what each of them shows, as a notebook's file has it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, source in enumerate(sources, start=1):
        *body, last = ast.parse(source).body
        printed, value = io.StringIO(), None
        with redirect_stdout(printed):
            if not isinstance(last, ast.Expr):
                body.append(last)
            exec(compile(ast.Module(body, []), f"cell {number}", "exec"), namespace)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), namespace)
        found: list[Output] = []
        if text := printed.getvalue():
            found.append({"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)})
        if value is not None:
            result = {"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": _data(value)}
            found.append(result)
        yield found


def _data(value: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"text/plain": repr(value).splitlines(keepends=True)}
    if (as_html := getattr(value, "_repr_html_", lambda: None)()) is not None:
        data["text/html"] = as_html.splitlines(keepends=True)
    if (as_png := getattr(value, "_repr_png_", lambda: None)()) is not None:
        data["image/png"] = base64.b64encode(as_png).decode()
    return data


def main(path: Path) -> None:
    """Run the notebook in an empty folder, and write it anew with what its cells show."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        shown = list(outputs(["".join(cell["source"]) for cell in cells]))
    for number, (cell, found) in enumerate(zip(cells, shown, strict=True), start=1):
        cell.update(outputs=found, execution_count=number)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + os.linesep, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
