VERSION ?= 4.2

# Plays the tests with the tag "live" on a real Egeria platform. egeria/live/README.md tells which releases there are, and the exit codes.
.PHONY: live-egeria
live-egeria:
	egeria/live/platform run $(VERSION) -- go test -tags live -count=1 -v ./egeria/...
