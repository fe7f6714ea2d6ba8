Feature: Log messages

  As a physicist,
  I want the logs of a run to tell what its steps did.

  Scenario: The steps say what they found
    When the workflow is finished
    Then the job logs for the prepare step should contain "cross section at"
    And the job logs for the plot step should contain "report:"

  Scenario: The engine is yadage
    When the workflow execution completes
    Then the engine logs should contain "yadage"
