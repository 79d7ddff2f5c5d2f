"""RULE: files that people bring, read into documents: Markdown, HTML, plain text and tables of snippets."""
