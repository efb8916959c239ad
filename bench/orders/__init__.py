"""Orders through the whole product: gateway workers and BRM simulator as processes of their own, on SQLite files."""
