"""Sales sees billing: questions put to BRM, and nothing changed."""
