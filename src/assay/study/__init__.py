"""From `input.yml` to a typed, validated study."""
