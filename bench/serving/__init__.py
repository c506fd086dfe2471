"""How classification serves under load, beside what others make of the same model."""
