Feature: Workspace files

  As a physicist,
  I want the results that the study promises to be in the workspace of a run that finished.

  Scenario: Report, figures and data are there
    When the workflow is finished
    Then all the outputs should be included in the workspace
    And the workspace should include "ml/plot/report.html"
    And the workspace should include "ml/plot/mlflow.db"

  Scenario: The event file is there, for further learning
    When the workflow is finished
    Then the workspace should include "physics/combine/combined.h5"
    And the workspace should include "physics/combine/manifest.json"

  Scenario: Nothing is left half-written
    When the workflow execution completes
    Then the workspace should not include "**/.partial-*"
