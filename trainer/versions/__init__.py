"""Published versions, looked at again without training: by tag, two compared, thresholds anew."""
