"""A REANA cluster for tests: REANA's REST interface on loopback, and the uploaded workflow run by the real yadage.

Every answer is validated against the OpenAPI file that comes with reana-commons, and every request against what it
says of parameters. What the specification leaves open follows the sources of REANA 0.9 (messages, statuses, the
engine's view of a step's environment, what a job's log ends with).
"""
