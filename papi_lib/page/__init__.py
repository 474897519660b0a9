"""What a reader sees: words, tables, pictures, the page, its facts, the story that all pages share, the explorer."""
