VERSION ?= 4.2

# Tests the client, and the responses of the fake platform, on a real Egeria platform, which is started
# for each. egeria/live/README.md has the available releases and the exit codes.
.PHONY: live-egeria
live-egeria:
	egeria/live/platform run $(VERSION) -- go test -tags live -count=1 -v -run TestRecord ./egeria/egeriatest
	egeria/live/platform run $(VERSION) -- go test -tags live -count=1 -v -run TestStoryOnARealPlatform ./egeria
# Compares the SDK with other clients, with both Go versions, records the run, and reports which
# verdicts differ from the previous run. It takes less than half an hour on an idle machine.
.PHONY: bench
bench:
	cd bench && go run . -toolchains -readme README.md
# Changes one number or one branch of package ratelimit at a time, and lists the changes that no fast test notices: FILE:LINE: CHANGE. It takes up to half an hour. internal/tools/mutate/main.go says what is changed.
.PHONY: mutate
mutate:
	go -C internal/tools run ./mutate -root ../.. ./ratelimit ./ratelimit/internal/...
