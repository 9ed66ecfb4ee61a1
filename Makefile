VERSION ?= 4.2

# Tests the client, and what the fake platform answers, on a real Egeria platform, freshly started for each. egeria/live/README.md tells which releases there are, and the exit codes.
.PHONY: live-egeria
live-egeria:
	egeria/live/platform run $(VERSION) -- go test -tags live -count=1 -v -run TestRecord ./egeria/egeriatest
	egeria/live/platform run $(VERSION) -- go test -tags live -count=1 -v -run TestStoryOnARealPlatform ./egeria
# Compares the SDK with other clients, with both Go versions, records the run, and tells which verdicts differ from the one before. It takes below half an hour, and a machine with nothing else to do.
.PHONY: bench
bench:
	cd bench && go run . -toolchains -readme README.md
