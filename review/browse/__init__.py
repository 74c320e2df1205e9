"""Looking through a site's questions: filters, pages by cursors, exports."""
