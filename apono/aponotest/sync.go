package aponotest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// The statuses of v2.
const (
	initializing = "Initializing"
	refreshing   = "Refreshing"
	active       = "Active"
	failed       = "Error"
	warning      = "Warning"
	disabled     = "Disabled"
)

var statuses = []string{initializing, refreshing, active, failed, warning, disabled}

// statusV2 returns a status in the spelling of v2. Unknown ones are unchanged.
func statusV2(status string) string {
	for _, known := range statuses {
		if strings.EqualFold(known, status) {
			return known
		}
	}
	return status
}

// statusV4 returns a status of v2 in the spelling of v4. Unknown ones are unchanged.
func (s *Server) statusV4(status string) string {
	if s.style.V4StatusAsV2 || !slices.Contains(statuses, status) {
		return status
	}
	return strings.ToUpper(status)
}

// syncState is the progress of an integration's sync.
type syncState struct {
	running bool
	left    int       // number of responses that still show it; negative: all
	due     time.Time // time of the end; zero if reads count
	outcome string    // of this or the next sync; "" means Active
}

func (st *syncState) shown() {
	if st.left > 0 {
		st.left--
	}
}

func (s *Server) beginSync(rec *record, status string) {
	rec.status, rec.rawV4, rec.rawV2 = status, nil, nil
	rec.sync = syncState{running: true, left: s.syncReads, outcome: rec.sync.outcome}
	if s.syncByClock {
		rec.sync.left, rec.sync.due = -1, s.config.Now().Add(s.syncTime)
	}
}

// endSyncs ends the syncs that are due.
func (s *Server) endSyncs() {
	now := s.config.Now()
	for _, rec := range s.integrations {
		st := rec.sync
		switch {
		case !st.running:
		case !st.due.IsZero() && !now.Before(st.due):
			s.endSync(rec, st.due)
		case st.left == 0:
			s.endSync(rec, now)
		}
	}
}

func (s *Server) endSync(rec *record, at time.Time) {
	outcome := rec.sync.outcome
	if outcome == "" {
		outcome = s.outcomes[rec.name]
		delete(s.outcomes, rec.name)
	}
	rec.status = cmp.Or(outcome, active)
	rec.sync = syncState{}
	if rec.status == failed {
		rec.details = "Sync failed"
		return
	}
	n := 0
	for _, res := range s.resources {
		if res.owner == rec {
			n++
		}
	}
	rec.synced, rec.details = at, fmt.Sprintf("%d resources loaded", n)
}

// FailSync makes the current sync of an integration, or the next one, end with a status such as
// "Warning" or "Error". Later syncs end with "Active" again. It starts no sync: use it with a
// create or a refresh, or use [Server.SetStatus]. FailSync panics for an unknown ID and for an
// empty status.
func (s *Server) FailSync(id, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFind(id).sync.outcome = s.mustStatus(status)
}

// FailSyncNamed is [Server.FailSync] for the integration with a name, which the program under test
// may create later. If several have the name, the first sync that ends has the status. If no sync
// of such an integration has ended when the server closes, [Server.Close] returns an error, and a
// test fails. FailSyncNamed panics for an empty name and for an empty status.
func (s *Server) FailSyncNamed(name, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		panic(s.http.Misuse("aponotest: name is empty"))
	}
	s.outcomes[name] = s.mustStatus(status)
}

// unmet returns an error for each name of [Server.FailSyncNamed] that has had no effect.
func (s *Server) unmet() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.outcomes)) {
		errs = append(errs, fmt.Errorf("aponotest: no sync of an integration named %q has ended, so none is %s",
			name, s.outcomes[name]))
	}
	return errors.Join(errs...)
}

// SetStatus sets the status of an integration, known or unknown, and ends its sync. SetStatus
// panics for an unknown ID and for an empty status.
func (s *Server) SetStatus(id, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.mustFind(id)
	rec.status, rec.rawV4, rec.rawV2, rec.sync = s.mustStatus(status), nil, nil, syncState{}
}

func (s *Server) mustStatus(status string) string {
	if status == "" {
		panic(s.http.Misuse("aponotest: status is empty"))
	}
	return statusV2(status)
}

func timeV4(t time.Time) json.RawMessage {
	if t.IsZero() {
		return nil
	}
	return fakehttp.Raw(t.UTC().Format(time.RFC3339Nano))
}

func (s *Server) timeV2(t time.Time) json.RawMessage {
	if t.IsZero() || s.style.V2TimeISO {
		return timeV4(t)
	}
	digits := 9
	if s.style.V2TimeUnpadded {
		digits = 1
	}
	number := fmt.Sprintf("%d.%0*d", t.Unix(), digits, t.Nanosecond())
	if s.style.V2TimeQuoted {
		return fakehttp.Raw(number)
	}
	return json.RawMessage(number)
}
