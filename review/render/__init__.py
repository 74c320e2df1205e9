"""What a page shows, made of what is stored: question bodies, formulas, charts."""
