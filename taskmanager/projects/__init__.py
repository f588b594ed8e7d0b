"""Projects, who may do what in them, and labels. The canonical room: other rooms imitate this one."""
