"""Running a study on a REANA cluster: staging, validation, submission, progress, diagnosis, results, secrets."""

import warnings

warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)  # reana-commons needs it
