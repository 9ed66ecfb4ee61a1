package aponotest

import (
	"cmp"
	"encoding/json"
	"fmt"
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

// statusV2 is a status as v2 writes it. Unknown ones stay.
func statusV2(status string) string {
	for _, known := range statuses {
		if strings.EqualFold(known, status) {
			return known
		}
	}
	return status
}

// statusV4 is a status of v2 as v4 writes it. Unknown ones stay.
func (s *Server) statusV4(status string) string {
	if s.style.V4StatusAsV2 || !slices.Contains(statuses, status) {
		return status
	}
	return strings.ToUpper(status)
}

// syncState is how far the sync of an integration is.
type syncState struct {
	running bool
	left    int       // replies that still show it; below 0: all
	due     time.Time // by the clock; zero where reads count
	outcome string    // of this sync or the next; "" is Active
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

// endSyncs ends the syncs whose time has come.
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
	rec.status = cmp.Or(rec.sync.outcome, active)
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

// FailSync makes the running sync of an integration, or else its next, end in a status such as "Warning" or "Error"; the
// sync after it ends in "Active" again. FailSync panics for an unknown id and for an empty status.
func (s *Server) FailSync(id, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFind(id).sync.outcome = mustStatus(status)
}

// SetStatus gives an integration a status, known or not, and ends its sync. SetStatus panics for an unknown id and for an
// empty status.
func (s *Server) SetStatus(id, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.mustFind(id)
	rec.status, rec.rawV4, rec.rawV2, rec.sync = mustStatus(status), nil, nil, syncState{}
}

func mustStatus(status string) string {
	if status == "" {
		panic("aponotest: status is empty")
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
