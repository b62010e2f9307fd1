"""A Sphinx extension: each script of a page once.

Sphinx 7 forgets that it has added a script without a file (it compares None with "") and adds it
again. A second `const` of one name is an error in the browser's console.
"""


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", keep_first, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def keep_first(app, pagename, templatename, context, doctree) -> None:
    """Leave out what a page's list of scripts already has."""
    scripts = context["script_files"]
    first = {(s.filename or "", *sorted(s.attributes.items())): s for s in reversed(scripts)}
    kept = set(map(id, first.values()))
    scripts[:] = [script for script in scripts if id(script) in kept]
