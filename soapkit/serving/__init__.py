"""The servers behind ``soapkit.run``: waitress in this process, granian with workers; what neither lets through."""
