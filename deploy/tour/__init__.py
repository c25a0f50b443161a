"""`make tour`: walks the main job through a running system over HTTP, in plain words."""
