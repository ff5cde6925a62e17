"""`python -m documentation [FOLDER]`: builds the site into FOLDER/site; a warning is an error.

FOLDER is `build/documentation` if it is not given.
"""

import sys
from pathlib import Path

from documentation.site import FOLDER, build_site

if __name__ == "__main__":
    sys.exit(build_site(Path(sys.argv[1]) if sys.argv[1:] else FOLDER))
