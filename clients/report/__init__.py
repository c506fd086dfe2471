"""The report client: result lines in, one HTML page with plots and tables out."""
