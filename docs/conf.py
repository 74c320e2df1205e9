"""How Sphinx makes a site of these documents: make docs."""

project = "Question Tagger"
extensions = ["myst_parser"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_copyright = False
