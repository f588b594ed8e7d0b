"""Makes ready what TaskManager runs on: its Python environment and its built web application.

Standard library only, because it runs before anything is installed; nothing but `app.py` imports it.
"""
