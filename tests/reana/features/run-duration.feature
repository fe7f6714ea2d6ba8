Feature: Run duration

  As a physicist,
  I want the default study to be done within a coffee break, or a long one on a busy cluster.

  Scenario: The run ends in time
    When the workflow is finished
    Then the workflow run duration should be less than 180 minutes

  Scenario: Checking the study takes no time
    When the workflow is finished
    Then the duration of the step configure should be less than 15 minutes
