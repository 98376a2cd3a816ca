"""The control process of a school's gateway: it composes the parts and watches over the workers."""
