VERSION ?= 4.2

# Tests the client, and what the fake platform answers, on a real Egeria platform, freshly started for each. egeria/live/README.md tells which releases there are, and the exit codes.
.PHONY: live-egeria
live-egeria:
	egeria/live/platform run $(VERSION) -- go test -tags live -count=1 -v -run TestRecord ./egeria/egeriatest
	egeria/live/platform run $(VERSION) -- go test -tags live -count=1 -v -run TestStoryOnARealPlatform ./egeria
